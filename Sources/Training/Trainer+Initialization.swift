import DurableFiles
import Faults
import PretrainedWeights
import Telemetry

extension Trainer {
  /// Has a new run begin with the weights of a file, where the configuration names one; the report of what became of each
  /// goes to `initialization.txt`. Of rank 0, which gives the others its weights afterwards.
  func initialize(_ folder: RunFolder) throws {
    guard let (request, path) = configuration.initialization.chosen else {
      return try folder.removeInitialization()  // of an attempt before, with other settings
    }
    let started = monotonicSeconds()
    let weights = try WeightImport(request, path: path, arena: arena, model: configuration.model)
    try folder.writeInitialization(weights.plan.report.text(heading: weights.plan.heading))
    try weights.write(into: arena) { progress.tick(.starting) }
    let seconds = Format.number(monotonicSeconds() - started)
    logger.info("\(weights.summary); read in \(seconds) s; all names in \(folder.initialization)")
    for note in weights.plan.report.notes { logger.notice(note) }
    if let note = configuration.noteOnEncoderRate { logger.notice(note) }
    if !weights.plan.report.unexpected.isEmpty {
      logger.warning(
        "\(path) holds \(weights.plan.report.unexpected.count) tensor(s) that nobody expected, as "
          + weights.plan.report.unexpected.prefix(3).joined(separator: ", "))
    }
  }
}

extension RunConfiguration {
  /// What whoever starts a run should know of the encoder's learning rate: at that of everything else, weights of a file
  /// are soon lost. nil where no file is named, or a rate of its own is.
  var noteOnEncoderRate: String? {
    guard initialization.chosen != nil, optimizer.backboneRateScale == 1 else { return nil }
    return "the visual encoder begins with weights of a file and learns at the full rate: CLIP's are trained further "
      + "with optimizer.backbone_lr_scale=1e-3"
  }
}

extension RunConfiguration.InitializationConfiguration {
  /// The file that is named, and what is asked of it; nil where none is.
  var chosen: (ImportPlan.Request, path: String)? {
    if !visual.isEmpty { return (.visual, visual) }
    if !release.isEmpty { return (.release, release) }
    return nil
  }
}
