/// Pictures to the square a model sees, by the numbers of the Python world (Pillow and torchvision), one at a time; a
/// `Resizer` keeps its working memory for the next.
public enum Resizing {
  /// The short side to `resolution` by Pillow's antialiased bicubic, then the centre square: `[3, R, R]` planes, or
  /// what `layout` says.
  public static func centreSquare(of image: RGBImage, resolution: Int, layout: PictureLayout = .rgb) -> [UInt8] {
    Resizer().centreSquare(of: image, resolution: resolution, layout: layout)
  }

  /// The whole picture at another size by the same filter.
  public static func resize(_ image: RGBImage, width: Int, height: Int) -> RGBImage {
    Resizer().resize(image, width: width, height: height)
  }
}
