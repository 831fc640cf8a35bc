import Faults

/// A sample that cannot be built, and why: what `--on-bad` decides about.
struct BadSample: Error {
  /// As messages call it, e.g. `clip 17`.
  var name: String
  var id: String
  var fault: Fault
  /// A few words for the table of causes.
  var cause: String

  /// - Parameter cause: nil takes it from the fault's code.
  init(name: String, id: String, fault: Fault, cause: String? = nil) {
    self.name = name
    self.id = id
    self.fault = fault
    self.cause = cause ?? BadSample.cause(of: fault.code)
  }

  init(_ source: SampleSource, _ fault: Fault, cause: String? = nil) {
    self.init(name: source.name, id: source.id, fault: fault, cause: cause)
  }

  /// The same with its sample's name, as the fault that ends a build.
  var naming: Fault { Fault(fault.code, "\(name): \(fault.what)", at: fault.place, remedy: fault.remedy) }

  private static func cause(of code: ExitCode) -> String {
    switch code {
    case .inputMissing: "missing file"
    case .permission: "no permission"
    case .badData: "bad data"
    case .inputOutput: "input/output error"
    default: "error"
    }
  }
}
