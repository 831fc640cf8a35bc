/// What holds in all files of LPR4M.
enum LPR4M {
  /// The live of a clip: `{live_id}-{start_ms}-{end_ms}` without its last two parts; nil for another form.
  static func liveID(of videoID: String) -> String? {
    let parts = videoID.split(separator: "-", omittingEmptySubsequences: false)
    guard parts.count >= 3, parts.allSatisfy({ !$0.isEmpty }),
      parts.suffix(2).allSatisfy({ $0.utf8.allSatisfy { (0x30...0x39).contains($0) } })
    else { return nil }
    return parts.dropLast(2).joined(separator: "-")
  }

  /// The ids that the frames of a clip may have, `{video_id}-{index:04}`: one a second from its first to its last
  /// millisecond, and a few more.
  static func possibleFrameIDs(of videoID: String) -> [String] {
    let parts = videoID.split(separator: "-")
    guard parts.count >= 3, let start = Int(parts[parts.count - 2]), let end = Int(parts[parts.count - 1]) else {
      return []
    }
    let (milliseconds, overflow) = end.subtractingReportingOverflow(start)
    guard !overflow, milliseconds >= 0 else { return [] }
    // 9,999 is the last that four digits can name.
    return (0...min(9_999, milliseconds / 1000 + 16)).map { index in
      let digits = String(index)
      return videoID + "-" + String(repeating: "0", count: 4 - digits.utf8.count) + digits
    }
  }
}
