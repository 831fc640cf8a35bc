/// What a file is, from its first bytes: one of the formats that are read, or why it is not and what to do.
enum FileKind: Equatable {
  case safetensors
  case zip
  case refused(String, remedy: String)

  /// How many of the first bytes decide.
  static let byteCount = 512
  /// Where a tar archive says so.
  private static let tarMagicOffset = 257

  init(_ beginning: [UInt8]) {
    let text = beginning.drop { [0x09, 0x0A, 0x0D, 0x20].contains($0) }
    let save = "Save it again with PyTorch 1.6 or later: torch.save(torch.load(FILE), NEW), or as safetensors"
    if beginning.starts(with: [0x50, 0x4B, 0x03, 0x04]) {
      self = .zip
    } else if beginning.count > 8, beginning[8] == UInt8(ascii: "{") {
      self = .safetensors
    } else if beginning.isEmpty {
      self = .refused("The file is empty", remedy: "Copy it again")
    } else if beginning.starts(with: "version https://git-lfs".utf8) {
      self = .refused("A pointer of Git LFS in place of the file", remedy: "Fetch the file itself: git lfs pull")
    } else if text.first == UInt8(ascii: "<") {
      self = .refused(
        "A web page in place of the file", remedy: "Download it again, by a link to the file itself")
    } else if text.first == UInt8(ascii: "{") {
      self = .refused("A text of JSON, which holds no weights", remedy: "Give the file of weights that it belongs to")
    } else if beginning.dropFirst(FileKind.tarMagicOffset).starts(with: "ustar".utf8) {
      self = .refused("A tar archive: not read, nor is the format of PyTorch before 0.1.10", remedy: save)
    } else if beginning.count > 1, beginning[0] == 0x80, (1...5).contains(beginning[1]) {
      self = .refused("A bare pickle, such as torch.save wrote before PyTorch 1.6: not read", remedy: save)
    } else if beginning.starts(with: [0x1F, 0x8B]) {
      self = .refused("A gzip archive", remedy: "Unpack it: gunzip FILE")
    } else {
      self = .refused(
        "None of the formats of weights that are read", remedy: "Give safetensors, or a file of torch.save")
    }
  }
}
