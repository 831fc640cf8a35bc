import DurableFiles
import Faults
import PretrainedWeights
import Telemetry

extension Trainer {
  /// Has a new run begin with the weights of files, where the configuration names any; the report of what became of each
  /// goes to `initialization.txt`. Of rank 0, which gives the others its weights afterwards.
  func initialize(_ folder: RunFolder) throws {
    let imports = try openImports()
    guard !imports.isEmpty else {
      return try folder.removeInitialization()  // of an attempt before, with other settings
    }
    try folder.writeInitialization(imports.map { $0.report.text(heading: $0.heading) }.joined(separator: "\n"))
    for weights in imports {
      let started = monotonicSeconds()
      try weights.write(into: arena) { progress.tick(.starting) }
      let seconds = Format.number(monotonicSeconds() - started)
      logger.info("\(weights.summary); read in \(seconds) s; all names in \(folder.initialization)")
      for note in weights.report.notes { logger.notice(note) }
      warnOfUnexpected(weights)
    }
    for note in configuration.notesOnRates { logger.notice(note) }
  }

  private func openImports() throws -> [any ImportedWeights] {
    let files = configuration.initialization
    var imports: [any ImportedWeights] = []
    for (request, path) in [(ImportPlan.Request.visual, files.visual), (.release, files.release)] where !path.isEmpty {
      imports.append(
        try WeightImport(
          request, path: path, arena: arena, model: configuration.model, leavesText: !files.text.isEmpty))
    }
    if !files.text.isEmpty {
      imports.append(try TextImport(PretrainedTextEncoder.Files(folder: files.text), model: configuration.model))
    }
    return imports
  }

  private func warnOfUnexpected(_ weights: any ImportedWeights) {
    let unexpected = weights.report.unexpected
    guard !unexpected.isEmpty else { return }
    logger.warning(
      "\(unexpected.count) tensor(s) of the file that nobody expected, as \(unexpected.prefix(3).joined(separator: ", ")): "
        + weights.heading)
  }
}

extension RunConfiguration {
  /// What whoever starts a run should know of learning rates: at that of everything else, weights of a file are soon
  /// lost. Nothing of a part that has a rate of its own.
  var notesOnRates: [String] {
    var notes: [String] = []
    if !(initialization.visual + initialization.release).isEmpty, optimizer.backboneRateScale == 1 {
      notes.append(
        "the visual encoder begins with weights of a file and learns at the full rate: CLIP's are trained further "
          + "with optimizer.backbone_lr_scale=1e-3")
    }
    if !initialization.text.isEmpty, optimizer.textRateScale == 1 {
      notes.append(
        "the text encoder begins with weights of a file and learns at the full rate: BERT's are trained further with "
          + "a small optimizer.text_lr_scale, as 1e-3")
    }
    return notes
  }
}
