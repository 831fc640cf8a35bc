/// The limits and names of the format, as in shards/FORMAT.md.
public enum ShardLimits {
  public static let version: UInt32 = 2
  /// The index of a set with token features.
  static let tokenIndexVersion: UInt32 = 3
  public static let maximumResolution = 1_024
  public static let maximumFrameCount = 512
  public static let maximumTextWidth = 4_096
  public static let maximumTokenWidth = 4_096
  /// Tokens of a text.
  public static let maximumTokenCount = 4_096
  public static let maximumEncoderNameByteCount = 256
  public static let maximumMethodNameByteCount = 64
  public static let maximumIdentifierByteCount = 1_024
  public static let maximumTitleByteCount = 65_536
  public static let maximumSpokenTextByteCount = 1_048_576
  public static let maximumTagCount = 64
  public static let maximumTagKeyByteCount = 64
  public static let maximumTagValueByteCount = 4_096
  public static let maximumRightImageCount = 4_096
  public static let maximumDetailsByteCount = 16 << 20
  public static let maximumShardSampleCount = 1 << 20
  public static let maximumShardCount = 100_000
  public static let maximumLeftOutByteCount = 1 << 30
  static let maximumSectionCount = 64
  static let maximumConfigurationByteCount = 4_096

  static let headerByteCount = 64
  static let trailerByteCount = 64
  static let sectionByteCount = 32
  static let shardLineByteCount = 48
  static let entryByteCount = 40
  static let pictureEntryByteCount = 24
  static let sampleHeadByteCount = 40
  static let pictureHeadByteCount = 24
  static let tokenHeadByteCount = 8
  static let tokenTextByteCount = 32
  static let tokenSampleByteCount = 8

  /// The most bytes of a sample's record: those that compression cannot make less, and what the frames of zstd add.
  static func recordByteLimit(frameCount: Int, _ configuration: ShardConfiguration) -> Int {
    let pixels = frameCount * (configuration.pictureByteCount + 1)
    return sampleHeadByteCount + maximumDetailsByteCount + pixels + pixels / 32 + (1 << 16)
  }

  static let headerMagic = Array("SGMNSHRD".utf8)
  static let trailerMagic = Array("SGMNTAIL".utf8)
  static let indexMagic = Array("SGMNINDX".utf8)

  /// The file that says what a set is.
  public static let indexName = "index.sgmn"

  /// `shard-00007.sgmn`
  public static func shardName(_ number: Int) -> String {
    let digits = String(number)
    return "shard-" + String(repeating: "0", count: max(0, 5 - digits.count)) + digits + ".sgmn"
  }
}
