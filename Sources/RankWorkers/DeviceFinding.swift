import Faults

/// What a rank found where it looked for its GPU.
struct DeviceFinding: Sendable, Equatable, Codable {
  /// The machine.
  var host: String
  /// Card and number of the GPU that it has; nil where it has none.
  var gpu: GPU?
  /// Why it has none.
  var obstacle: Obstacle?

  struct GPU: Sendable, Equatable, Codable {
    var name: String
    /// As the rank's driver counts.
    var number: Int
    /// The same in all processes that use the card.
    var uuid: [UInt8]
  }

  struct Obstacle: Sendable, Equatable, Codable {
    var code: Int32
    var what: String
    var place: String?
    var remedy: String?

    init(_ fault: Fault) {
      (code, what, place, remedy) = (fault.code.rawValue, fault.what, fault.place, fault.remedy)
    }

    var fault: Fault { Fault(ExitCode(rawValue: code) ?? .internalError, what, at: place, remedy: remedy) }
    /// Whether there is nothing to compute on, rather than something that fails.
    var isAbsence: Bool { code == ExitCode.remoteUnavailable.rawValue }
  }
}
