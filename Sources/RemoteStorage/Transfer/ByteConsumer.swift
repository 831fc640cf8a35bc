/// Takes the bytes of an object in order. What it throws ends the transfer for good.
protocol ByteConsumer: AnyObject {
  /// The bytes that follow those taken before.
  func receive(_ bytes: UnsafeRawBufferPointer) throws
  /// The server announces as many bytes in all: a hint, nothing to rely on.
  func announce(_ byteCount: Int)
  /// Forgets what was taken: the transfer begins anew at its start.
  func restart() throws
}

extension ByteConsumer {
  func announce(_ byteCount: Int) {}
}
