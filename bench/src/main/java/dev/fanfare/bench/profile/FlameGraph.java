package dev.fanfare.bench.profile;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * Draws stacks: each box is a method, as wide as its part of all samples, on top of its caller. The
 * colour of a box is that of its area. Methods with few samples are left out.
 */
final class FlameGraph {
  private static final double WIDTH = 1200;
  private static final double ROW = 16;
  private static final double MARGIN = 24;

  /** Narrower boxes are left out. */
  private static final double BOX_MIN = 3;

  /** About the width of a character. */
  private static final double CHARACTER = 6.2;

  private static final int DEPTH_MAX = 45;

  private record Box(int depth, double x, double width, String method, long count) {}

  private final Samples.Frame root;
  private final List<Box> boxes = new ArrayList<>();

  FlameGraph(Samples.Frame root) {
    this.root = root;
    place(root, 0, 0);
  }

  private void place(Samples.Frame frame, int depth, double x) {
    double left = x;
    for (Map.Entry<String, Samples.Frame> callee : frame.callees().entrySet()) {
      double width = WIDTH * callee.getValue().count() / Math.max(1, root.count());
      if (width >= BOX_MIN && depth < DEPTH_MAX) {
        boxes.add(new Box(depth, left, width, callee.getKey(), callee.getValue().count()));
        place(callee.getValue(), depth + 1, left);
      }
      left += width;
    }
  }

  String svg(String title) {
    int rows = 1 + boxes.stream().mapToInt(Box::depth).max().orElse(0);
    double height = MARGIN + rows * ROW + 4;
    StringBuilder svg = new StringBuilder();
    svg.append(
        String.format(
            Locale.ROOT,
            """
            <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %.0f %.0f" font-family="sans-serif" font-size="11">
            <rect width="100%%" height="100%%" fill="#ffffff"/>
            <text x="4" y="16" font-size="13" fill="#222222">%s, %,d samples</text>
            """,
            WIDTH,
            height,
            escaped(title),
            root.count()));
    for (Box box : boxes) {
      append(svg, box, height - (box.depth + 1) * ROW - 2);
    }
    return svg.append("</svg>\n").toString();
  }

  private void append(StringBuilder svg, Box box, double y) {
    svg.append(
        String.format(
            Locale.ROOT,
            "<g><title>%s, %.1f %%</title>"
                + "<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"15\" fill=\"%s\"/>",
            escaped(box.method),
            100.0 * box.count / root.count(),
            box.x,
            y,
            Math.max(0.5, box.width - 0.5),
            colour(box.method)));
    String label = label(box.method, (int) ((box.width - 4) / CHARACTER));
    if (!label.isEmpty()) {
      svg.append(
          String.format(
              Locale.ROOT,
              "<text x=\"%.1f\" y=\"%.1f\" fill=\"#222222\">%s</text>",
              box.x + 2,
              y + 11.5,
              escaped(label)));
    }
    svg.append("</g>\n");
  }

  /** Class and method, shortened to so many characters; empty if too little would be left. */
  private static String label(String method, int characters) {
    int classAt = method.lastIndexOf('.', method.lastIndexOf('.') - 1) + 1;
    String text = method.substring(classAt);
    if (text.length() <= characters) {
      return text;
    }
    return characters < 4 ? "" : text.substring(0, characters - 1) + "…";
  }

  private static String colour(String method) {
    return switch (Area.of(List.of(method))) {
      case JSON -> "#f2c063";
      case DRIVER -> "#8fb8de";
      case STATEMENTS -> "#b7d0ea";
      case CLIENT -> "#d9b3e0";
      case HTTP -> "#e3c8ea";
      case SLOTS, SDK -> "#a8d5a2";
      case TASK -> "#cfe8cb";
      case ENGINE -> "#f0a38e";
      case THREADS -> "#dddddd";
    };
  }

  private static String escaped(String text) {
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;");
  }
}
