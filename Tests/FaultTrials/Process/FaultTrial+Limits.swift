import Foundation

/// Rows 29 and 30: too little of what a process needs.
extension FaultTrial {
  static let littleMemory = FaultTrial(
    number: 29, name: "one rank runs out of memory", ranks: [2, 4], quickRanks: [2]
  ) { setting in
    let run = try RunFolder("little-memory")
    try stopInTheMiddle(run, setting.ranks)
    let committed = CommittedCheckpoints(of: run)
    let rank = setting.ranks - 1
    // OpenBLAS asks for its memory again and again: the rank does not fail then, it hangs.
    let limits = ["safety.hang_seconds=5", "safety.long_hang_seconds=20"]
    var (failures, mebibytes) = (0, setting.isQuick ? 192 : 64)
    while mebibytes <= 16_384 {
      let command = try run.train(ranks: setting.ranks, settings: limits).prefixing(
        "prlimit --as=\(mebibytes << 20)", rank: rank)
      let result = try command.run()
      try committed.expectKept(in: run)
      if result.status == 0 { break }
      guard result.status != 124, result.survivors.isEmpty else {
        throw TrialFailure("with \(mebibytes) MiB the others hang: \(Oracle.excerpt(result))")
      }
      failures += 1
      mebibytes = setting.isQuick ? 16_384 : mebibytes * 3 / 2
    }
    guard failures > 0, mebibytes <= 16_384 else { throw TrialFailure("\(failures) limits were too low") }
    let command = try run.train(ranks: setting.ranks, settings: limits)
    try Oracle.expectUnbrokenEnd(of: run, by: command, settings: limits)
    return "\(failures) limits too low: no hang, checkpoints kept; \(mebibytes) MiB and the end is bitwise the same"
  }

  static let fewDescriptors = FaultTrial(
    number: 30, name: "a rank may open few files", ranks: [2], quickRanks: [2]
  ) { setting in
    var codes: [Int32] = []
    for limit in setting.isQuick ? [20] : [16, 20, 24, 28, 32, 40, 48, 64] {
      let run = try RunFolder("few-descriptors")
      let command = try run.train(ranks: setting.ranks).prefixing("prlimit --nofile=\(limit)", rank: 0)
      let result = try command.run()
      codes.append(result.status)
      guard result.status != 124, result.survivors.isEmpty else {
        throw TrialFailure("limit \(limit): the job hangs: \(Oracle.excerpt(result))")
      }
      if result.status == 0 {
        try Oracle.expectUnbrokenEnd(of: run, ranks: setting.ranks)
      } else if result.standardError.contains(" steps of ") {
        throw TrialFailure("limit \(limit): told only after the first step: \(Oracle.excerpt(result))")
      } else if [73, 74, 77, 78].contains(result.status), !result.standardError.contains("open files") {
        throw TrialFailure("limit \(limit) is not named: \(Oracle.excerpt(result))")
      }
    }
    guard codes.contains(where: { $0 != 0 }) else { throw TrialFailure("no limit was too low") }
    return "exit codes \(codes), at the start, no hang"
  }

  static let readOnlyFolder = FaultTrial(
    number: 30, name: "the output lies on a read-only file system", ranks: [2], quickRanks: [2]
  ) { setting in
    try requireMounts()
    let run = try RunFolder("read-only")
    try FileManager.default.createDirectory(atPath: run.path, withIntermediateDirectories: true)
    let mount = "mount --bind '\(run.path)' '\(run.path)' && mount -o remount,ro,bind '\(run.path)' && exec \"$@\""
    var command = try run.train(ranks: setting.ranks)
    command.launcherPrefix = ["unshare", "-m", "sh", "-c", mount, "sh"]
    let result = try command.run()
    guard [73, 74, 77].contains(result.status) else {
      throw TrialFailure("exit code \(result.status): \(Oracle.excerpt(result))")
    }
    try Oracle.expect(result, result.status, told: run.path)
    return "exit code \(result.status), the folder is named"
  }

  static let noSharedMemory = FaultTrial(
    number: 30, name: "there is no /dev/shm", ranks: [2], quickRanks: [2]
  ) { setting in
    try requireMounts()
    let run = try RunFolder("no-shared-memory")
    let mount = "mount -t tmpfs -o ro none /dev/shm && exec \"$@\""
    var command = try run.train(ranks: setting.ranks)
    command.launcherPrefix = ["unshare", "-m", "sh", "-c", mount, "sh"]
    try Oracle.expectUnbrokenEnd(of: run, by: command)
    return "the end is bitwise the same"
  }

  static let removedFolder = FaultTrial(
    number: 30, name: "the working directory is gone", ranks: [2], quickRanks: [2]
  ) { setting in
    let run = try RunFolder("removed")
    let folder = "\(run.path)-gone"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    var command = try run.train(ranks: setting.ranks)
    command.rankPrefix = ["sh", "-c", "cd '\(folder)'; rmdir '\(folder)' 2>/dev/null; exec \"$@\"", "sh"]
    try Oracle.expectUnbrokenEnd(of: run, by: command)
    return "paths are absolute: the end is bitwise the same"
  }

  private static func requireMounts() throws {
    guard runs(["unshare", "-m", "sh", "-c", "mount -t tmpfs none /mnt"]) else {
      throw TrialSkipped("mounting needs rights that this process has not")
    }
  }
}
