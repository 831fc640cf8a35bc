/// The style sheet of a page: light and dark by the reader's system, and plain black on white on paper.
enum PageStyle {
  static let css = """

    :root { --paper: #f6f7f9; --card: #ffffff; --ink: #1c2330; --soft: #5b6575; --line: #dfe3ea; --bar: #3f6fd8;
      --mark: #1f4299; --tail: #c8553d; color-scheme: light dark; }
    @media (prefers-color-scheme: dark) { :root { --paper: #12151b; --card: #1a1f28; --ink: #e7ebf2; --soft: #98a3b5;
      --line: #2c3442; --bar: #6f9bf5; --mark: #b5ccff; --tail: #ef8a6f; } }
    * { box-sizing: border-box; }
    body { margin: 0; background: var(--paper); color: var(--ink); font: 15px/1.5 system-ui, -apple-system,
      "Segoe UI", Roboto, "Noto Sans", "Noto Sans CJK SC", sans-serif; font-variant-numeric: tabular-nums; }
    main { max-width: 1180px; margin: 0 auto; padding: 40px 24px 64px; }
    h1 { margin: 0; font-size: 32px; line-height: 1.2; letter-spacing: -.01em; overflow-wrap: anywhere; }
    h2 { margin: 44px 0 14px; font-size: 20px; }
    h3 { margin: 0; font-size: 15px; overflow-wrap: anywhere; }
    .kicker { margin: 0 0 4px; color: var(--soft); font-size: 13px; letter-spacing: .08em; text-transform: uppercase; }
    .where { margin: 8px 0 0; color: var(--soft); overflow-wrap: anywhere; }
    code { font: 13px ui-monospace, "SF Mono", "DejaVu Sans Mono", monospace; }
    .tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(148px, 1fr)); gap: 12px; margin-top: 28px; }
    .tile, figure { background: var(--card); border: 1px solid var(--line); border-radius: 10px; }
    .tile { padding: 14px 16px; }
    .tile p { margin: 0; }
    .tile .name, .tile .detail { color: var(--soft); font-size: 13px; }
    .tile .value { font-size: 23px; font-weight: 650; line-height: 1.35; white-space: nowrap; }
    .figures { columns: 2 440px; column-gap: 14px; }
    figure { margin: 0 0 14px; padding: 18px 20px; break-inside: avoid; }
    figcaption { margin-bottom: 12px; }
    figcaption p { margin: 2px 0 0; color: var(--soft); font-size: 13px; }
    .chart { display: block; width: 100%; height: auto; }
    .chart text { font-size: 11.5px; fill: var(--soft); stroke: var(--card); stroke-width: 3px; paint-order: stroke;
      stroke-linejoin: round; }
    .chart .end { text-anchor: end; }
    .chart .middle { text-anchor: middle; }
    .chart .strong { fill: var(--ink); font-weight: 600; }
    .grid { stroke: var(--line); stroke-width: 1; }
    .bar { fill: var(--bar); }
    .mark { fill: var(--mark); }
    .even { stroke: var(--soft); stroke-width: 1; stroke-dasharray: 4 4; }
    .curve { fill: none; stroke: var(--bar); stroke-width: 2.5; stroke-linejoin: round; }
    .dot { fill: var(--tail); }
    .same { margin: 0; font-size: 23px; font-weight: 650; }
    table { width: 100%; border-collapse: collapse; font-size: 13.5px; }
    th, td { padding: 3px 0; text-align: left; font-weight: 400; vertical-align: middle; }
    thead th { color: var(--soft); font-size: 12px; border-bottom: 1px solid var(--line); padding-bottom: 5px; }
    tbody tr:first-child > * { padding-top: 7px; }
    .bars tbody th { max-width: 190px; padding-right: 12px; white-space: nowrap; overflow: hidden;
      text-overflow: ellipsis; }
    .bars .track { width: 46%; }
    .bars svg { display: block; width: 100%; height: 11px; }
    .number { text-align: right; padding-left: 12px; white-space: nowrap; }
    th.number { text-align: right; }
    .faint, .rest > * { color: var(--soft); }
    .plain th { width: 40%; color: var(--soft); padding-right: 12px; }
    @media print {
      :root { --paper: #fff; --card: #fff; --ink: #000; --soft: #444; --line: #ccc; --bar: #4a6fbf; --mark: #1f4299;
        --tail: #b3402a; color-scheme: light; }
      body { font-size: 11px; print-color-adjust: exact; -webkit-print-color-adjust: exact; }
      main { max-width: none; padding: 0; }
      .tiles { grid-template-columns: repeat(4, 1fr); }
      .figures { columns: 2; }
      h2 { break-after: avoid; }
    }

    """
}
