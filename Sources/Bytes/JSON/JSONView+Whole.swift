extension JSONView {
  /// A value whose end is known already: saves the walk to find it.
  ///
  /// - Parameter bytes: exactly one value without blanks around it.
  public init(whole bytes: ByteView) { self.bytes = bytes }
}
