/// Takes the response to one request as it comes in. What it throws ends the transfer.
protocol ResponseSink: AnyObject {
  /// Sees the head before any byte of the body; called for statuses 200 and 206.
  func begin(_ head: HTTPHead) throws
  func receive(_ bytes: UnsafeRawBufferPointer) throws
  /// The body ended as the server announced it.
  func finish() throws
}
