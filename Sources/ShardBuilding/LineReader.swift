import Faults
import Glibc

/// The lines of a text file, one after another, in a buffer of bounded size. One thread at a time.
final class LineReader {
  let path: String
  private(set) var lineNumber = 0
  private let descriptor: Int32
  private let byteCount: Int
  private let lineLimit: Int
  private var consumed = 0
  private var buffer: [UInt8] = []
  private var start = 0
  private var ended = false

  /// - Parameter lineLimit: bytes; a longer line is a fault, not memory without bound.
  init(path: String, lineLimit: Int = 16 << 20) throws {
    self.path = path
    self.lineLimit = lineLimit
    descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw Fault.system("open", path: path, errno: errno) }
    var status = stat()
    guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT != S_IFDIR else {
      close(descriptor)
      throw Fault(.inputMissing, "A folder where a file is needed", at: path)
    }
    byteCount = Int(status.st_size)
  }

  deinit { close(descriptor) }

  /// The share of the file that was handed out.
  var progress: Double { byteCount > 0 ? min(1, Double(consumed) / Double(byteCount)) : 1 }

  /// The next line without its line feed (and carriage return), or nil at the end.
  func next() throws -> [UInt8]? {
    var searched = start
    while true {
      if let feed = buffer[searched...].firstIndex(of: UInt8(ascii: "\n")) {
        let line = Array(buffer[start..<feed])
        consumed += feed + 1 - start
        start = feed + 1
        return finish(line)
      }
      if ended {
        guard start < buffer.count else { return nil }
        let line = Array(buffer[start...])
        consumed += line.count
        start = buffer.count
        return finish(line)
      }
      guard buffer.count - start <= lineLimit else {
        throw Fault(.badData, "A line of more than \(lineLimit) bytes", at: "\(path), line \(lineNumber + 1)")
      }
      buffer.removeFirst(start)
      start = 0
      searched = buffer.count
      try fill()
    }
  }

  private func finish(_ line: [UInt8]) -> [UInt8] {
    lineNumber += 1
    return line.last == UInt8(ascii: "\r") ? Array(line.dropLast()) : line
  }

  private func fill() throws {
    let chunk = 1 << 18
    let old = buffer.count
    buffer.append(contentsOf: repeatElement(0, count: chunk))
    var got = 0
    repeat {
      got = buffer.withUnsafeMutableBytes { read(descriptor, $0.baseAddress! + old, chunk) }
    } while got < 0 && errno == EINTR
    let code = errno
    buffer.removeLast(chunk - max(0, got))
    guard got >= 0 else { throw Fault.system("read", path: path, errno: code) }
    ended = got == 0
  }
}
