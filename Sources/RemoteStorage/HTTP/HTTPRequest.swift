/// A GET request.
struct HTTPRequest: Sendable {
  var url: RemoteURL
  var headers: [(name: String, value: String)] = []
  /// Bytes of the body that are expected at most; the time that a try may take depends on it.
  var expectedByteCount = 0
}
