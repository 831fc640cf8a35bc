import CLinux
import Synchronization

/// The CPUs that threads may run on.
public enum ThreadAffinity {
  /// Room for 8,192 CPUs: the kernel refuses a mask that is shorter than its own.
  private static let wordCount = 128

  private static let forNewThreads = Mutex<[Int]?>(nil)

  /// Those of the calling thread, ascending; nil where the kernel does not say.
  public static var ofThisThread: [Int]? {
    var words = [UInt](repeating: 0, count: wordCount)
    guard sgmn_get_affinity(&words, wordCount * MemoryLayout<UInt>.size) > 0 else { return nil }
    return words.indices.flatMap { word in
      (0..<UInt.bitWidth).compactMap { words[word] >> UInt($0) & 1 == 1 ? word * UInt.bitWidth + $0 : nil }
    }
  }

  /// Keeps the calling thread on these CPUs; false where the kernel refuses, which then changes nothing.
  @discardableResult public static func set(_ cpus: [Int]) -> Bool {
    var words = [UInt](repeating: 0, count: wordCount)
    for cpu in cpus where cpu >= 0 && cpu < wordCount * UInt.bitWidth {
      words[cpu / UInt.bitWidth] |= 1 << UInt(cpu % UInt.bitWidth)
    }
    return sgmn_set_affinity(words, wordCount * MemoryLayout<UInt>.size) == 0
  }

  /// The CPUs of every `WorkerThread` that is started from now on; nil leaves a thread on those of its starter. To be
  /// set where the starter itself is pinned to one CPU, which its threads for reading and sending must not share.
  public static var ofNewThreads: [Int]? {
    get { forNewThreads.withLock { $0 } }
    set { forNewThreads.withLock { $0 = newValue } }
  }
}
