import Faults
import Foundation

/// A fault that every rank knows of: the run may end in order, and one rank speaks for all.
public struct AgreedFault: Error {
  public let fault: Fault
  /// The rank it happened on; the lowest where it happened on several.
  public let rank: Int

  public init(fault: Fault, rank: Int) {
    self.fault = fault
    self.rank = rank
  }
}

extension Communicator {
  /// Runs `body` on every rank; where it throws on one, every rank throws, and none is left waiting for another.
  public func together<Result>(_ body: () throws -> Result) throws -> Result {
    var own: Fault?
    var result: Result?
    do {
      result = try body()
    } catch let fault as Fault {
      own = fault
    } catch {
      own = Fault(.internalError, "\(error)")
    }
    let report = own.map { FaultReport($0).bytes } ?? []
    let reports = try allGather(report)
    if let rank = reports.firstIndex(where: { !$0.isEmpty }) {
      throw AgreedFault(fault: FaultReport(reports[rank])?.fault ?? Fault(.internalError, "A rank failed"), rank: rank)
    }
    return result!
  }
}

/// A fault on its way to other ranks.
private struct FaultReport: Codable {
  var code: Int32
  var what: String
  var place: String?
  var remedy: String?

  init(_ fault: Fault) {
    (code, what, place, remedy) = (fault.code.rawValue, fault.what, fault.place, fault.remedy)
  }

  init?(_ bytes: [UInt8]) {
    guard let report = try? JSONDecoder().decode(FaultReport.self, from: Data(bytes)) else { return nil }
    self = report
  }

  var bytes: [UInt8] { (try? JSONEncoder().encode(self)).map { [UInt8]($0) } ?? [0] }
  var fault: Fault { Fault(ExitCode(rawValue: code) ?? .internalError, what, at: place, remedy: remedy) }
}
