/// A file of `torch.save`: a pickle and the records of its storages.
public struct TorchDraft {
  public var archive: ZipDraft

  /// - Parameter records: The bytes of storages "0", "1", ….
  public init(pickle: [UInt8], records: [[UInt8]], byteOrder: String? = "little", isScript: Bool = false) {
    archive = ZipDraft([.init("archive/data.pkl", pickle)])
    if let byteOrder { archive.members.append(.init("archive/byteorder", Array(byteOrder.utf8))) }
    for (key, bytes) in records.enumerated() { archive.members.append(.init("archive/data/\(key)", bytes)) }
    if isScript { archive.members.append(.init("archive/constants.pkl", [0x80, 2, 0x29, 0x2E])) }
  }

  public func encoded() -> [UInt8] { archive.encoded() }
}
