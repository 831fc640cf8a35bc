/// Writes what arrives to the end of a part.
final class CacheConsumer: ByteConsumer {
  private let part: CachePart
  private(set) var position: Int

  init(_ part: CachePart) throws {
    self.part = part
    position = try part.byteCount
  }

  func receive(_ bytes: UnsafeRawBufferPointer) throws {
    try part.write(bytes, at: position)
    position += bytes.count
  }

  func restart() throws {
    try part.truncate()
    position = 0
  }
}
