/// The pictures that a clip of one live is searched among: each once, in the order in which they first appear.
public struct Gallery: Sendable, Equatable {
  public let liveID: String
  /// Numbers of pictures, as `RetrievalTask.imageIDs` counts them.
  public private(set) var images: [Int] = []
  private var places: [Int: Int] = [:]

  public init(liveID: String) { self.liveID = liveID }

  /// Adds a picture, unless it is there already.
  public mutating func insert(_ image: Int) {
    guard places[image] == nil else { return }
    places[image] = images.count
    images.append(image)
  }

  /// The place of a picture in `images`, or nil if it is not of this live.
  public func place(of image: Int) -> Int? { places[image] }
}
