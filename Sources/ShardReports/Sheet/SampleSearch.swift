import DurableFiles
import Faults
import ShardFormat

/// Finds the sample that a person names.
public enum SampleSearch {
  /// The first sample with this clip id; else the sample of this number; else the first with this image id. A clip's
  /// id comes first because ids may be numbers too.
  ///
  /// Throws `Fault(.inputMissing)` where there is none.
  public static func number(of name: String, in set: ShardSet) throws -> Int {
    if let number = set.number(ofClip: name) { return number }
    if let number = Int(name), (0..<set.count).contains(number) { return number }
    let key = XXH3.hash(name)
    for number in 0..<set.count where set.imageKey(at: number) == key {
      if try set.summary(at: number).imageID == name { return number }
    }
    throw Fault(
      .inputMissing, "No sample \(name); they are numbered 0 … \(set.count - 1)", at: set.folder,
      remedy: "Give a clip's id, a number or an image's id")
  }
}
