/// Something that must hold for every input and does not for this one.
struct Finding: Error, CustomStringConvertible {
  var description: String

  static func unless(_ holds: Bool, _ what: @autoclosure () -> String) throws {
    if !holds { throw Finding(description: what()) }
  }
}
