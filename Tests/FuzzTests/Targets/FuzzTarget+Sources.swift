import DurableFiles
import Faults
import MediaDecoding

@testable import ShardBuilding

extension FuzzTarget {
  /// One JSON text.
  static let json = FuzzTarget(name: "json") {
    [
      #"{"a": [1, -2.5e+3, true, false, null, "é\u00e9\ud83d\ude00\n"], "b": {}}"#, "[[[[]]]]", " \"\" ", "0",
    ].map { Array($0.utf8) }
  } parse: { bytes in
    do throws(JSONParser.Failure) { _ = try JSONParser.parse(bytes) } catch {
      try Finding.unless((0...bytes.count).contains(error.offset), "a failure at byte \(error.offset)")
      throw Fault(.badData, error.what)
    }
  }

  /// A manifest of JSON lines: as one rank finds its lines and as three do; then every line as a sample, whose files
  /// must lie in the manifest's folder.
  static let manifest = FuzzTarget(name: "manifest") {
    [
      #"{"image": "a.jpg", "image_id": "a"}"# + "\n",
      #"{"image": "a/b.jpg", "clip": "c.mp4", "clip_id": "c", "tags": {"x": "1"}, "title": "é"}"# + "\r\n\n"
        + #"{"image": "b.jpg", "frames": ["1.jpg", "2.jpg"], "clip_id": "d", "right_images": ["a", "b"], "asr": null}"#,
    ].map { Array($0.utf8) }
  } parse: { bytes in
    let form = ManifestParser(path: "/nowhere/manifest.jsonl", allowOutside: false)
    try MemoryFile.with(bytes) { path in
      let scan = LineScan(files: try LineFiles([path], lineByteLimit: 2048), form: form, pieceByteCount: 64)
      let parts = try (0..<3).map { try scan.table(rank: $0, of: 3, threadCount: 1) { _ in } }
      let table = try scan.table(rank: 0, of: 1, threadCount: 1) { _ in }
      try Finding.unless(LineTable.joined(parts) == table, "three ranks find other lines than one")
      let catalog = try LineCatalog([path], form: form, table: table)
      for index in 0..<catalog.count {
        let sample = try catalog.sample(at: index)
        try Finding.unless(sample.key == catalog.key(at: index), "a line has two keys")
        for file in files(of: sample) { try Finding.unless(staysInside(file.path), "\(file.path) leaves the folder") }
      }
    }
  }

  private static func files(of sample: SampleSource) -> [MediaLocation] {
    switch sample.frames {
    case .none: [sample.image]
    case .video(let video): [sample.image, video]
    case .pictures(let pictures): [sample.image] + pictures
    }
  }

  /// Whether a path below /nowhere stays there, part by part.
  private static func staysInside(_ path: String) -> Bool {
    guard path.utf8.starts(with: "/nowhere/".utf8) else { return false }
    var depth = 0
    for part in path.utf8.dropFirst(9).split(separator: UInt8(ascii: "/")) where !part.elementsEqual(".".utf8) {
      depth += part.elementsEqual("..".utf8) ? -1 : 1
      if depth < 0 { return false }
    }
    return depth > 0
  }

  /// A line of LPR4M's training annotation (first byte 0), Python's lists in it (1), the tables (2) and lists (3) of
  /// its test annotation.
  static let lpr4m = FuzzTarget(name: "lpr4m") {
    let row =
      "1-2-0-4000\t['1-2-0-4000-0000', \"b\\'c\"]\t[[1, 2.5], (3, None)]\timage\ttitle é\t7\tshoes\tasr\tlarge\tlong\tone"
    let withPath = "live-0-9000\t['a/b.jpg']\t[]\timg\timages/img.jpg\tt\t7\tshoes\tproduct\tasr"
    return [
      [0] + Array(row.utf8), [0] + Array(withPath.utf8), [1] + Array("[['a', None], (1e3, -.5)]".utf8),
      [2] + Array("a-0-1\tspoken\r\nb\n".utf8), [3] + Array(#"{"a-0-1": ["x", "y"], "b": "z"}"#.utf8),
    ]
  } parse: { input in
    guard let kind = input.first else { return }
    let bytes = Array(input.dropFirst())
    switch kind & 3 {
    case 0:
      let row = try LPR4MTrainingRow(bytes) { "row" }
      try Finding.unless(!row.frames.isEmpty && row.source.liveID != "", "a row without frames or live")
      _ = LPR4M.possibleFrameIDs(of: row.videoID)
      _ = try bytes.withUnsafeBytes { try LPR4MTraining.Keys().key(of: $0) { "row" } }
    case 1:
      do throws(PythonLiteral.Failure) { _ = try PythonLiteral.parse(bytes) } catch {
        throw Fault(.badData, error.what)
      }
    case 2: _ = LPR4MTest.dictionary(try MemoryFile.with(bytes) { try LPR4MTest.table($0) })
    default: _ = try MemoryFile.with(bytes) { try LPR4MTest.lists($0) }
    }
  }

  /// `train.json` or, where the first byte is odd, `test.json` of MovingFashion, to its catalog.
  static let movingFashion = FuzzTarget(name: "moving-fashion") {
    let products =
      #"{"1": {"img_path": "imgs/a.jpg", "video_paths": ["videos/b.mp4", "videos/c.mp4"], "source": 1},"#
      + #" "2": {"img_path": "imgs/d.jpg", "video_path": "videos/b.mp4", "source": "x"}}"#
    let list = #"[{"img_path": "a.jpg", "video_paths": ["b.mp4"]}]"#
    return [[0] + Array(products.utf8), [1] + Array(products.utf8), [0] + Array(list.utf8)]
  } parse: { input in
    guard let kind = input.first else { return }
    let part = kind & 1 == 0 ? DataPart.train : .test
    try MemoryFile.with(Array(input.dropFirst()), named: "\(part.rawValue).json") { folder in
      let catalog = try MovingFashion.catalog(folder: folder, part: part)
      for index in 0..<catalog.count {
        let sample = try catalog.sample(at: index)
        try Finding.unless(sample.key == catalog.key(at: index), "an entry has two keys")
      }
      _ = catalog.hash(of: 0..<catalog.count)
    }
  }

  /// A file of embeddings, through a window of 16 bytes; then every vector.
  static let embeddings = FuzzTarget(name: "embeddings") {
    [#"{"a": [1, -2.5e-3], "b\u00e9" : [ 0.0,3 ]}"#, #"{"x":[1]}"#].map { Array($0.utf8) }
  } parse: { bytes in
    try MemoryFile.with(bytes) { path in
      let table = try EmbeddingScan.table(of: path, prefix: "clip/", windowByteCount: 16)
      let whole = try EmbeddingScan.table(of: path, prefix: "clip/")
      try Finding.unless(table == whole, "another table through a small window")
      try Finding.unless(EmbeddingTable(words: table.words) == table, "the table is not what its words say")
      let file = try EmbeddingFile(path: path, table: table)
      for key in table.keys {
        let vector = try file.vector(of: key)
        try Finding.unless(vector?.count == table.width, "a vector of another width")
        try Finding.unless(vector?.allSatisfy(\.isFinite) == true, "a vector that is not finite")
      }
    }
  }
}
