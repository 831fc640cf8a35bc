import Faults
import ShardFormat
import TextEncoding

/// The retrieval task of a set of shards, and which samples hold what it needs.
struct ShardTask {
  let task: RetrievalTask
  /// The sample whose image is encoded, of every picture of `task.imageIDs`: the first that has it.
  let imageSamples: [Int]
  /// The first sample with a title, of every picture; nil if there is none.
  let titleSamples: [Int?]
  /// The sample of every query.
  let clipSamples: [Int]
  /// How many queries and pictures have a text.
  let texts: RetrievalReport.Texts

  /// Reads the details of every sample, no pixels. `Fault(.badData)` for damaged details or a set without clips.
  ///
  /// - Parameter isThere: whether a text, of which this embedding is stored, is one.
  init(_ shards: ShardSet, isThere: (String, [Float]) -> Bool = { !$1.isEmpty }) throws {
    var entries: [RetrievalTask.Entry] = []
    entries.reserveCapacity(shards.count)
    var numbers: [String: Int] = [:]
    var (imageSamples, titleSamples, clipSamples) = ([Int](), [Int?](), [Int]())
    var spokenCount = 0
    for sample in 0..<shards.count {
      let summary = try shards.summary(at: sample)
      let image = numbers[summary.imageID] ?? imageSamples.count
      if image == imageSamples.count {
        numbers[summary.imageID] = image
        imageSamples.append(sample)
        titleSamples.append(nil)
      }
      if titleSamples[image] == nil, isThere(summary.title, summary.titleEmbedding) { titleSamples[image] = sample }
      let isClip = summary.frameCount > 0
      if isClip { clipSamples.append(sample) }
      if isClip, isThere(summary.asr, summary.asrEmbedding) { spokenCount += 1 }
      entries.append(
        RetrievalTask.Entry(
          clipID: isClip ? summary.clipID : nil, imageID: summary.imageID, liveID: summary.liveID,
          answers: isClip ? summary.answers : [], tags: isClip ? summary.tags : [:]))
    }
    guard !clipSamples.isEmpty else {
      throw Fault(
        .badData, "The set has images alone and no clip to search for", at: shards.folder,
        remedy: "Evaluate on shards that were built with clips")
    }
    task = RetrievalTask(entries)
    self.imageSamples = imageSamples
    self.titleSamples = titleSamples
    self.clipSamples = clipSamples
    texts = RetrievalReport.Texts(
      clips: spokenCount, of: clipSamples.count, images: titleSamples.count { $0 != nil }, of: titleSamples.count)
  }
}
