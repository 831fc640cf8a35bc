import ArgumentParser

/// How the ranks of a subcommand live together.
struct RankOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "On ranks: for how long one may be silent before all end with 81; 0 for ever.", valueName: "seconds"))
  var hangSeconds = RankedCommand.hangSeconds

  func validate() throws {
    guard hangSeconds == 0 || (1...1e6).contains(hangSeconds) else {
      throw ValidationError("--hang-seconds is 0 or 1 … 1000000.")
    }
  }
}
