import Faults
import TextEncoding

/// The text encoder that a command line names.
enum TextEncoderChoice {
  /// What an encoder needs of the machine is made here too. `Fault(.usage)` for a name that is none.
  static func open(_ name: String) throws -> any TextFeatureEncoder {
    switch name {
    case "hashed-ngrams": return HashedNgramFeatures()
    default:
      throw Fault(.usage, "There is no text encoder '\(name)'", remedy: "Give --encoder hashed-ngrams")
    }
  }
}
