import Faults

/// A named place where a test makes the world fail: `SGMN_FAILPOINT=checkpoint.renamed:kill@2`.
///
/// They are part of every build and cost a look at a constant where none is armed, so what the tests kill is what
/// people run. docs/reliability.md lists them; `FailpointPlan` is the syntax.
public enum Failpoint: String, CaseIterable, Sendable {
  // A file on its way to the disk.
  case fileWrite = "file.write"
  case fileSync = "file.sync"
  case fileRename = "file.rename"
  case folderSync = "folder.sync"
  // A checkpoint, in the order of a save.
  case checkpointSnapshot = "checkpoint.snapshot"
  case checkpointBegin = "checkpoint.begin"
  case checkpointWritten = "checkpoint.written"
  case checkpointMovedAside = "checkpoint.moved-aside"
  case checkpointRenamed = "checkpoint.renamed"
  case checkpointPublished = "checkpoint.published"
  case checkpointPruned = "checkpoint.pruned"
  // A run and its steps, in their order.
  case runStart = "run.start"
  case stepOrders = "step.orders"
  case stepData = "step.data"
  case stepForward = "step.forward"
  case stepBackward = "step.backward"
  case stepExchange = "step.exchange"
  case stepUpdate = "step.update"
  case evaluationBegin = "evaluation.begin"
  case stepEnd = "step.end"
  case runEnd = "run.end"
  // Reading.
  case shardRead = "shard.read"
  case shardDecode = "shard.decode"
  // Numbers that go wrong (`fire`): asked for with `isDue`.
  case lossNotFinite = "loss.not-finite"
  case gradientNotFinite = "gradient.not-finite"
  case weightFlipped = "weight.flipped"
  /// A rank that believes the run is over.
  case loopLeft = "loop.left"

  /// Does what is armed for this hit of the place: ends or stops the process, sleeps, or throws. Nothing is armed outside
  /// tests.
  @inline(__always)
  public func hit() throws {
    if ArmedFailpoints.isAny { try ArmedFailpoints.hit(self) }
  }

  /// The errno with which the system call at this place shall fail without being made; ends, stops or delays the process
  /// where that is armed.
  @inline(__always)
  public func failsCall() -> Int32? {
    ArmedFailpoints.isAny ? ArmedFailpoints.failsCall(self) : nil
  }

  /// Whether this hit of a place that changes a number shall change it.
  @inline(__always)
  public var isDue: Bool { ArmedFailpoints.isAny && ArmedFailpoints.isDue(self) }
}
