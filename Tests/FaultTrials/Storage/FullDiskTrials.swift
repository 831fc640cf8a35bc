import Foundation

extension FaultTrial {
  /// Row 7: a run that is stopped after step 12 goes on on a disk that has so many bytes left.
  static let diskFull = FaultTrial(
    number: 7, name: "the disk is full", ranks: [1], quickRanks: [1]
  ) { setting in
    guard SmallDisk.isAvailable else { throw TrialSkipped("needs root, to mount a small file system") }
    try TracedTraining.require()
    let oracle = try StorageOracle.shared(.savingWithinTheStep, ranks: nil)
    let start = try oracle.folder("full-disk", stoppedAfter: 12)
    defer { start.remove() }
    var ends: [Int32: Int] = [:]
    let honest = setting.isQuick ? [0, 1200] : [0, 4, 16, 400, 1200, 2400, 8000]
    for free in honest {
      ends[try run(oracle, from: start, free: free, isLying: false), default: 0] += 1
    }
    // The system says that there is room: so the disk fills up in the middle of a save.
    for free in setting.isQuick ? [300] : Array(stride(from: 0, through: 1300, by: 26)) {
      ends[try run(oracle, from: start, free: free, isLying: true), default: 0] += 1
    }
    guard setting.isQuick || ends[0] != nil, ends[74] != nil else { throw TrialFailure("all ended alike: \(ends)") }
    return text(ends)
  }

  private static func text(_ ends: [Int32: Int]) -> String {
    "\(ends.values.reduce(0, +)) sizes: \(ends[74] ?? 0) ended with 74, \(ends[0] ?? 0) had room; 0 checkpoints lost, "
      + "all ends bitwise equal once there was room"
  }

  /// Returns the exit code. `free` counts KiB.
  private static func run(_ oracle: StorageOracle, from start: RunFolder, free: Int, isLying: Bool) throws -> Int32 {
    let disk = try SmallDisk(kibibytes: 64 << 10)
    let (run, outside) = (RunFolder(path: disk.path + "/run"), RunFolder(path: disk.outside + "/run"))
    try FileManager.default.copyItem(atPath: start.path, toPath: outside.path)
    let used = (64 << 10) - (try disk.freeByteCount()) / 1024
    try disk.resize(kibibytes: used + free)
    let training = try TracedTraining(run, oracle.settings, ranks: nil)
    let plenty = "statfs:poke_exit=@arg2=" + plentyOfSpace
    let plain = try run.training(oracle.settings, ranks: nil)
    let command = isLying ? try training.command(injections: [plenty], tracing: ["statfs"]) : plain
    let result = try disk.inside(command).run()
    do {
      try checkEnd(result, outside, oracle, isTold: !isLying && free >= 1200)
      try disk.resize(kibibytes: 64 << 10)
      if result.status != 0 { try oracle.goesOn(outside, command: disk.inside(plain)) }
    } catch let failure as TrialFailure {
      throw TrialFailure("\(free) KiB free\(isLying ? " and more promised" : ""): \(failure)\n\(result.text)")
    }
    return result.status
  }

  private static func checkEnd(_ result: Job.Result, _ run: RunFolder, _ oracle: StorageOracle, isTold: Bool) throws {
    if result.status == 0 {
      let differences = try run.differences(from: oracle.end)
      guard differences.isEmpty else { throw TrialFailure("\(differences)") }
      return
    }
    guard result.status == 74 else { throw TrialFailure("the job ended with \(result.status)") }
    guard result.standardError.contains("No space"), result.standardError.contains("ree space") else {
      throw TrialFailure("neither cause nor remedy")
    }
    if isTold, !["need ", "have ", "/run/checkpoints"].allSatisfy(result.standardError.contains) {
      throw TrialFailure("not told how much space is needed where")
    }
    guard try oracle.committedSteps(run).contains(12) || oracle.committedSteps(run).contains(18) else {
      throw TrialFailure("the checkpoint of before is gone")
    }
    let left = run.contentsOfCheckpoints.filter { $0.hasPrefix(".") }
    guard left.isEmpty else { throw TrialFailure("left in the folder: \(left)") }
  }

  /// The first words of a `struct statfs` with 2^30 free blocks of 4 KiB: type, block size, blocks, free, available.
  private static let plentyOfSpace = [0x0102_1994, 4096, 1 << 30, 1 << 30, 1 << 30].map { (word: UInt64) in
    (0..<8).map { byte in
      let text = String((word >> (8 * UInt64(byte))) & 0xFF, radix: 16)
      return text.count == 1 ? "0" + text : text
    }.joined()
  }.joined()

  /// Row 7, where a call fails that is not the disk's: each write of a save.
  static let writesFail = FaultTrial(
    number: 7, name: "a write of a save fails with ENOSPC", ranks: [1], quickRanks: []
  ) { _ in
    try TracedTraining.require()
    let oracle = try StorageOracle.shared(.savingWithinTheStep, ranks: nil)
    let sweep = try InjectionSweep(oracle, from: { try RunFolder("no-space") }, saves: (18, 24))
    let writes = sweep.calls("write").filter { $0.text.contains("/checkpoints/") }
    for write in writes {
      try sweep.run(["write:error=ENOSPC:when=\(write.ordinal)"]) { run, result, _ in
        guard result.standardError.contains("No space left") else { throw TrialFailure("the failure is not told") }
        guard [0, 74].contains(result.status) else { throw TrialFailure("neither tried again nor 74") }
        guard try oracle.committedSteps(run).contains(12) || result.status == 0 else {
          throw TrialFailure("the checkpoint of before is gone")
        }
        try oracle.goesOn(run)
      }
    }
    return "\(writes.count) writes of a save failed: 0 checkpoints lost, all ends bitwise equal"
  }
}

extension RunFolder {
  var contentsOfCheckpoints: [String] {
    (try? FileManager.default.contentsOfDirectory(atPath: "\(path)/checkpoints")) ?? []
  }
}
