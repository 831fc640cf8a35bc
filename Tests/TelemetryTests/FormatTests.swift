import Testing

@testable import Telemetry

@Suite struct FormatTests {
  @Test(
    arguments: [
      (0, "0.000 s"), (0.25, "0.250 s"), (0.9996, "1.0 s"), (12.34, "12.3 s"), (59.96, "1 min 00 s"),
      (245, "4 min 05 s"), (3_599.7, "1 h 00 min"), (11_520, "3 h 12 min"), (191_000, "2 d 05 h"),
      (-2, "-2.0 s"), (.nan, "unknown"), (.infinity, "unknown"),
    ] as [(Double, String)])
  func durations(seconds: Double, text: String) { #expect(Format.duration(seconds: seconds) == text) }

  @Test(arguments: [
    (0, "0 bytes"), (1, "1 byte"), (1_023, "1023 bytes"), (1_024, "1.0 KiB"), (1_536, "1.5 KiB"),
    (1_048_575, "1.0 MiB"), (4 << 20, "4.0 MiB"), (Int.max, "8.0 EiB"), (-2_048, "-2.0 KiB"),
  ]) func byteCounts(count: Int, text: String) { #expect(Format.byteCount(count) == text) }

  @Test(
    arguments: [
      (0.5, "0.50 pairs/s"), (9.999, "10.0 pairs/s"), (123.45, "123.5 pairs/s"), (1_234.4, "1,234 pairs/s"),
      (.nan, "? pairs/s"),
    ] as [(Double, String)])
  func rates(value: Double, text: String) { #expect(Format.rate(value, "pairs") == text) }

  @Test(
    arguments: [
      (0, "0.0000"), (2.34567, "2.346"), (0.12345, "0.1235"), (12.345, "12.35"), (-3.5, "-3.500"), (1e-4, "1.0e-4"),
      (9.96e-4, "1.0e-3"), (1.26e9, "1.3e9"), (-.infinity, "-Inf"), (.nan, "NaN"),
    ] as [(Double, String)])
  func numbers(value: Double, text: String) { #expect(Format.number(value) == text) }

  @Test func groups() {
    #expect(Format.grouped(0) == "0")
    #expect(Format.grouped(1_000) == "1,000")
    #expect(Format.grouped(-1_234_567) == "-1,234,567")
    #expect(Format.grouped(.min) == "-9,223,372,036,854,775,808")
  }
}
