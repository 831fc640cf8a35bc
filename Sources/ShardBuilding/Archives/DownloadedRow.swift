/// The `.json` that img2dataset writes for each picture: url, key, status, sizes.
enum DownloadedRow {
  static let byteLimit = 1 << 20

  /// The id at the end of the url of a picture that was fetched; nil for a row that failed and for other JSON.
  static func pictureID(_ bytes: [UInt8]) -> String? {
    guard let row = try? JSONParser.parse(bytes), row["status"]?.string == "success", let url = row["url"]?.string
    else {
      return nil
    }
    let id = RelativePath.stem(url.prefix { $0 != "?" && $0 != "#" })
    return id.isEmpty ? nil : id
  }
}
