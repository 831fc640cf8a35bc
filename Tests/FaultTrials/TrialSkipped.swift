/// Why a fault cannot be brought about here: a tool or a right is missing.
package struct TrialSkipped: Error, CustomStringConvertible {
  package var description: String

  package init(_ description: String) { self.description = description }
}
