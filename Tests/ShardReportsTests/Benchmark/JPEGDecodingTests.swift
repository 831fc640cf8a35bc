import Faults
import Foundation
import MediaDecoding
import Testing

@testable import ShardReports

@Suite struct JPEGDecodingTests {
  private let folder = try! TemporaryFolder()

  private func write(_ bytes: [UInt8], _ name: String) throws -> String {
    try Data(bytes).write(to: URL(fileURLWithPath: "\(folder.path)/\(name)"))
    return "\(folder.path)/\(name)"
  }

  private func jpeg() throws -> [UInt8] {
    try StillEncoder.jpeg(RGBImage(width: 32, height: 16, pixels: [UInt8](repeating: 90, count: 3 * 32 * 16)))
  }

  @Test(arguments: [1, 3]) func decodesFilesAndPartsOfFiles(_ threadCount: Int) throws {
    let bytes = try jpeg()
    let whole = MediaLocation(try write(bytes, "whole.jpg"))
    let part = MediaLocation(try write([1, 2, 3] + bytes + [4], "archive"), offset: 3, byteCount: bytes.count)
    let decoding = JPEGDecoding([whole, part, whole, whole], threadCount: threadCount)
    let files = try decoding.warmUp()
    #expect(files.fileCount == 2)
    #expect(files.byteCount == 2 * bytes.count)
    var shares: [Double] = []
    #expect(try decoding.seconds { shares.append($0) } > 0)
    #expect(shares.last == 1)
  }

  @Test func namesWhatIsNoJPEG() throws {
    let bytes = try jpeg()
    let good = MediaLocation(try write(bytes, "good.jpg"))
    for (name, wrong, code) in [
      ("other.jpg", Array("GIF89a".utf8), ExitCode.badData), ("empty.jpg", [], .badData),
      ("head.jpg", Array(bytes.prefix(4)), .badData), ("missing.jpg", nil, .inputMissing),
    ] {
      if let wrong { _ = try write(wrong, name) }
      let decoding = JPEGDecoding([good, MediaLocation("\(folder.path)/\(name)"), good], threadCount: 2)
      #expect("\(name)") { try decoding.seconds() } throws: { error in
        let fault = error as? Fault
        return fault?.code == code && fault?.place?.contains(name) == true
      }
    }
  }
}
