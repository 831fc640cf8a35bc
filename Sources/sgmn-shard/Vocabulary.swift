import ArgumentParser
import Collectives
import DurableFiles
import Faults
import Foundation
import ShardReports
import TextEncoding

/// `sgmn-shard vocabulary`: the word pieces of a set's texts, for a text encoder that is trained from scratch.
struct Vocabulary: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Makes a vocabulary of word pieces from the titles and the speech of a set.",
    discussion: """
      For model.trains_text where no pretrained encoder brings its own: for small sets and the demo. One process reads
      the texts of all samples, no pixels; the file depends on the texts and --size alone. Not for mpirun.

        sgmn-shard vocabulary --shards shards/train --out vocab.txt --size 2000
      """)

  @Option(help: ArgumentHelp("The set whose texts are read.", valueName: "folder")) var shards: String
  @Option(name: .customLong("out"), help: ArgumentHelp("The file to write; must not exist.", valueName: "file"))
  var output: String
  @Option(help: "The most pieces, the special tokens among them.") var size = 8_000
  @Option(help: "Reading threads. Default: all cores.") var threads: Int?

  func validate() throws {
    guard (6...WordPieceVocabulary.lineLimit).contains(size) else {
      throw ValidationError("--size \(size) is not within 6 … \(WordPieceVocabulary.lineLimit)")
    }
  }

  func run() throws {
    guard (LaunchEnvironment(ProcessInfo.processInfo.environment).rankCount ?? 1) == 1 else {
      throw Fault(.usage, "sgmn-shard vocabulary is for one process", remedy: "Start it without mpirun")
    }
    let threadCount = try ThreadCount.checked(threads)
    guard access(output, F_OK) != 0 else {
      throw Fault(
        .outputUnavailable, "The file exists already", at: output, remedy: "Choose another --out, or remove it")
    }
    try OutputFile.check(output)
    let words = try wordCounts(threadCount: threadCount)
    guard !words.isEmpty else {
      throw Fault(.badData, "No sample has a text", at: shards, remedy: "Build the shards with titles or ASR")
    }
    let draft = VocabularyDraft(words, limit: size)
    try DurableFile.write(draft.bytes, to: output)
    print("\(output): \(Figures.count(draft.pieces.count, "piece"))")
    if draft.missingCharacterCount > 0 {
      print("\(Figures.count(draft.missingCharacterCount, "rare character")) found no room: give a larger --size")
    }
  }

  private func wordCounts(threadCount: Int) throws -> WordCounts {
    let set = try OpenedSet.at(shards)
    var line = ProgressLine("Reading")
    let parts = try ParallelWork.run(count: set.count, threadCount: threadCount) { done in
      line.show(Double(done) / Double(max(1, set.count)), "\(Figures.grouped(done)) samples")
    } _: { next in
      var words = WordCounts()
      while let number = next() {
        let summary = try set.summary(at: number)
        words.add(summary.title)
        words.add(summary.asr)
      }
      return words
    }
    ProgressLine.clear()
    return parts.reduce(into: WordCounts()) { $0.merge($1) }
  }
}
