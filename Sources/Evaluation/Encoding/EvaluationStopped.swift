/// An evaluation that was given up, on all ranks, because one was asked to stop.
public struct EvaluationStopped: Error {}
