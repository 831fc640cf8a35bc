import DurableFiles
import Faults
import Foundation
import Testing

@Suite struct FileReaderTests {
  let folder: TemporaryFolder
  let path: String
  let bytes = (0..<1000).map { UInt8(truncatingIfNeeded: $0 &* 7) }

  init() throws {
    folder = try TemporaryFolder()
    path = folder.path + "/data"
    try DurableFile.write(bytes, to: path)
  }

  @Test func readsAnyRange() throws {
    let reader = try FileReader(path)
    #expect(reader.byteCount == 1000)
    #expect(try reader.read(at: 0, count: 1000) == bytes)
    #expect(try reader.read(at: 997, count: 3) == Array(bytes[997...]))
    #expect(try reader.read(at: 1000, count: 0).isEmpty)
    #expect(try FileReader.contents(of: path, limit: 1000) == bytes)
  }

  /// Whether a byte is in the page cache; nil where this file system does not tell.
  private func isCached(_ descriptor: Int32, at offset: Int) -> Bool? {
    typealias Read = @convention(c) (Int32, UnsafePointer<iovec>, Int32, off_t, Int32) -> Int
    guard let symbol = dlsym(nil, "preadv2") else { return nil }
    let preadv2 = unsafeBitCast(symbol, to: Read.self)
    var byte: UInt8 = 0
    return withUnsafeMutableBytes(of: &byte) { bytes in
      var vector = iovec(iov_base: bytes.baseAddress, iov_len: 1)
      let withoutWaiting: Int32 = 8  // RWF_NOWAIT
      if preadv2(descriptor, &vector, 1, off_t(offset), withoutWaiting) == 1 { return true }
      return errno == EAGAIN ? false : nil
    }
  }

  @Test func announcedBytesComeIntoThePageCache() throws {
    let path = folder.path + "/large"
    try DurableFile.write([UInt8](repeating: 7, count: 8 << 20), to: path)
    let reader = try FileReader(path)
    let descriptor = open(path, O_RDONLY)
    defer { close(descriptor) }
    posix_fadvise(descriptor, 0, 0, POSIX_FADV_DONTNEED)
    reader.willRead(0..<0)
    // Where the bytes stay cached, or the file system does not say, nothing can be seen.
    guard isCached(descriptor, at: 6 << 20) == false else { return }
    reader.willRead(5 << 20..<7 << 20)
    for _ in 0..<1000 where isCached(descriptor, at: 6 << 20) == false { usleep(10_000) }
    #expect(isCached(descriptor, at: 6 << 20) == true)
  }

  @Test(arguments: [(990, 11, 10), (1000, 1, 0), (5000, 4, 0)])
  func aShortFileIsNamedWithOffsetAndCounts(offset: Int, count: Int, found: Int) throws {
    let reader = try FileReader(path)
    let fault = try #require(throws: Fault.self) { try reader.read(at: offset, count: count) }
    #expect(fault.code == .badData)
    #expect(fault.what == "The file ends early: expected \(count) bytes, found \(found)")
    #expect(fault.place == "\(path): byte \(offset)")
  }

  @Test(arguments: [(-1, 1), (Int.max, 1), (1, Int.max), (Int.max, Int.max), (0, -1), (Int.min, 8)])
  func rangesOutOfThisWorldThrow(offset: Int, count: Int) throws {
    let reader = try FileReader(path)
    #expect(throws: Fault.self) { try reader.read(at: offset, count: count) }
  }

  @Test func aFileCutWhileItIsOpenThrows() throws {
    let reader = try FileReader(path)
    #expect(truncate(path, 500) == 0)
    let fault = try #require(throws: Fault.self) { try reader.read(at: 400, count: 200) }
    #expect(fault.what == "The file ends early: expected 200 bytes, found 100")
  }

  @Test func whatIsNoFileIsRefused() throws {
    #expect(try #require(throws: Fault.self) { try FileReader(folder.path) }.code == .badData)
    #expect(try #require(throws: Fault.self) { try FileReader(path + "-none") }.code == .inputMissing)
    let pipe = folder.path + "/pipe"
    #expect(mkfifo(pipe, 0o600) == 0)
    #expect(try #require(throws: Fault.self) { try FileReader(pipe) }.code == .badData)
    #expect(try #require(throws: Fault.self) { try FileReader.contents(of: path, limit: 999) }.code == .badData)
  }
}
