/// A fault that is brought about in real jobs, and what must then be true: a line of the table in docs/reliability.md.
package struct FaultTrial: Sendable {
  /// How it is brought about.
  package struct Setting: Sendable {
    package var ranks: Int
    /// Within `make test`: a few places instead of all.
    package var isQuick: Bool
    /// Decides what is random.
    package var seed: UInt64
    /// How often it is brought about, where a person has said so.
    package var roundCount: Int?

    package init(ranks: Int, isQuick: Bool, seed: UInt64, roundCount: Int? = nil) {
      (self.ranks, self.isQuick, self.seed, self.roundCount) = (ranks, isQuick, seed, roundCount)
    }

    /// How often it is brought about: within `make test`, and in the whole table.
    package func rounds(quick: Int, full: Int) -> Int { roundCount ?? (isQuick ? quick : full) }
  }

  /// Of the table.
  package var number: Int
  /// What happens, as a person would say it: "a rank is killed in the middle of a step".
  package var name: String
  /// The rank counts of the whole table, and those within `make test`; empty there for what takes too long or needs more
  /// rights than a test has.
  package var ranks: [Int]
  package var quickRanks: [Int]
  /// Brings it about and looks at what is left. Returns figures for one line ("40 kills, 40 resumes bitwise equal");
  /// throws a `TrialFailure` where something is not as it must be.
  package var run: @Sendable (Setting) throws -> String

  /// All, by number.
  package static var all: [FaultTrial] { (processTrials + storageTrials + dataTrials).sorted { $0.number < $1.number } }
}
