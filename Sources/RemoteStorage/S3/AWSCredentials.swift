/// A key pair of AWS. Prints as its kind only: no secret can get into a message by way of it.
struct AWSCredentials: Sendable, Equatable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
  var accessKey: String
  var secretKey: String
  var sessionToken: String?

  var description: String { "AWSCredentials(hidden)" }
  var debugDescription: String { description }
  var customMirror: Mirror { Mirror(self, children: []) }
}
