import Testing

@testable import CUDAWorker

@Suite struct ByteTextTests {
  @Test(
    arguments: [
      (0, "0 bytes"), (1023, "1023 bytes"), (1024, "1.00 KiB"), (1_126, "1.10 KiB"), (3 << 29, "1.50 GiB"),
      (85_520_809_984, "79.65 GiB"), (5 << 40, "5.00 TiB"),
    ])
  func tellsBytes(byteCount: Int, text: String) { #expect("\(ByteText(byteCount))" == text) }
}
