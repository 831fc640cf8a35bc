/// Why a trial did not end as it must.
package struct TrialFailure: Error, CustomStringConvertible {
  package var description: String

  package init(_ description: String) { self.description = description }
}
