import Faults

/// A sample that cannot be built, and why: what `--on-bad` decides about.
struct BadSample: Error {
  /// As messages call it, e.g. `clip 17`.
  var name: String
  var id: String
  var fault: Fault

  /// One word for the table of causes.
  var cause: String {
    switch fault.code {
    case .inputMissing: "missing file"
    case .permission: "no permission"
    case .badData: "bad data"
    default: "error"
    }
  }
}
