import Foundation

/// Tar archives written by hand, block by block.
enum TarFixture {
  /// A header; `size` overrides the text of the size field.
  static func header(_ name: String, _ byteCount: Int, flag: UInt8 = 0x30, size: [UInt8]? = nil, prefix: String = "")
    -> [UInt8]
  {
    var block = [UInt8](repeating: 0, count: 512)
    func put(_ bytes: some Collection<UInt8>, _ offset: Int) {
      block.replaceSubrange(offset..<offset + bytes.count, with: bytes)
    }
    func octal(_ value: Int, _ digits: Int) -> [UInt8] {
      let text = String(value, radix: 8)
      return Array((String(repeating: "0", count: digits - text.utf8.count) + text).utf8)
    }
    put(Array(name.utf8.prefix(100)), 0)
    put("0000644".utf8, 100)
    put(size ?? octal(byteCount, 11), 124)
    block[156] = flag
    put("ustar\000".utf8, 257)
    put(Array(prefix.utf8), 345)
    put([UInt8](repeating: 0x20, count: 8), 148)
    put(octal(block.reduce(0) { $0 + Int($1) }, 6) + [0, 0x20], 148)
    return block
  }

  /// A file with its padding.
  static func member(_ name: String, _ data: [UInt8], flag: UInt8 = 0x30) -> [UInt8] {
    header(name, data.count, flag: flag) + padded(data)
  }

  static func padded(_ data: [UInt8]) -> [UInt8] {
    data + [UInt8](repeating: 0, count: (512 - data.count % 512) % 512)
  }

  static let end = [UInt8](repeating: 0, count: 1024)

  /// A pax record, its length included.
  static func record(_ key: String, _ value: String) -> String {
    let rest = " \(key)=\(value)\n"
    var length = rest.utf8.count
    while String(length).utf8.count + rest.utf8.count != length { length = String(length).utf8.count + rest.utf8.count }
    return String(length) + rest
  }

  /// A row of img2dataset.
  static func row(_ id: String, status: String = "success") -> [UInt8] {
    Array(
      #"{"url":"https://h/b/\#(id).jpg?x=1","key":"0","status":"\#(status)","error_message":null,"width":256}"#.utf8)
  }
}

func writeBytes(_ bytes: [UInt8], to path: String) throws {
  try write("", to: path)
  try Data(bytes).write(to: URL(fileURLWithPath: path))
}

/// Runs a program to its end.
func runProgram(_ path: String, _ arguments: [String], in folder: String) throws -> Int32 {
  let process = Process()
  process.executableURL = URL(fileURLWithPath: path)
  process.arguments = arguments
  process.currentDirectoryURL = URL(fileURLWithPath: folder)
  try process.run()
  process.waitUntilExit()
  return process.terminationStatus
}
