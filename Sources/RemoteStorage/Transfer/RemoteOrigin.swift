import Faults

/// A place that objects are read from: how they are called there, and how to ask for them.
protocol RemoteOrigin: Sendable {
  /// As the user wrote it.
  var location: String { get }
  /// Whether a redirection is followed.
  var followsRedirects: Bool { get }
  /// What messages call an object.
  func address(of name: String) -> String
  func url(of name: String) -> RemoteURL
  /// Adds what shows who is asking; called for every try, when the other headers are complete.
  func authorize(_ request: inout HTTPRequest) throws
  /// What a status other than 200 and 206 means.
  func refusal(_ head: HTTPHead, body: [UInt8]) -> ServerRefusal
}
