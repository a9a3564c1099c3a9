package dev.spinbpf.tools.top;

import dev.spinbpf.tools.client.ServiceException;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import org.jline.terminal.Attributes;
import org.jline.terminal.Size;
import org.jline.terminal.Terminal;
import org.jline.terminal.TerminalBuilder;
import org.jline.utils.AttributedString;
import org.jline.utils.AttributedStyle;
import org.jline.utils.Display;
import org.jline.utils.InfoCmp.Capability;
import org.jline.utils.NonBlockingReader;
import org.jspecify.annotations.Nullable;

/** Shows views on a terminal until the user has enough. The terminal is as before afterwards, whatever ends it. */
public final class TopTerminal implements AutoCloseable {
    private static final int LONGEST_READ_MILLIS = 100;
    private static final long NANOS_PER_MILLI = 1_000_000;

    private final Terminal terminal;
    private final Attributes attributes;
    private final Display display;
    private TopOrder order;
    private volatile boolean quit;

    /** Takes a terminal over. */
    TopTerminal(Terminal terminal, TopOrder order) {
        this.terminal = terminal;
        this.order = order;
        terminal.handle(Terminal.Signal.INT, signal -> quit = true);
        attributes = terminal.enterRawMode();
        display = new Display(terminal, true);
        terminal.puts(Capability.enter_ca_mode);
        terminal.puts(Capability.cursor_invisible);
        terminal.flush();
    }

    /** Returns the terminal that the process runs on; null where there is none that can move its cursor. */
    public static @Nullable TopTerminal open(TopOrder order) {
        try {
            Terminal terminal = TerminalBuilder.builder()
                    .system(true)
                    .ffm(true)
                    .jni(false)
                    .exec(false)
                    .dumb(true)
                    .build();
            if (terminal.getType().startsWith(Terminal.TYPE_DUMB)) {
                terminal.close();
                return null;
            }
            return new TopTerminal(terminal, order);
        } catch (IOException | IllegalStateException e) {
            return null;
        }
    }

    /**
     * Shows views.
     *
     * @param every the time between two
     * @param most how many, at least 1
     */
    public void show(TopFeed feed, Duration every, long most) throws ServiceException, InterruptedException {
        for (long shown = 0; shown < most && !quit; shown++) {
            long nextNanos = System.nanoTime() + every.toNanos();
            TopView view = feed.next();
            draw(view);
            while (!quit && System.nanoTime() < nextNanos) {
                long millis = (nextNanos - System.nanoTime()) / NANOS_PER_MILLI;
                key(Math.clamp(millis, 1, LONGEST_READ_MILLIS), view);
            }
        }
    }

    private void key(int mostMillis, TopView view) {
        int key;
        try {
            key = terminal.reader().read(mostMillis);
        } catch (IOException e) {
            key = NonBlockingReader.EOF;
        }
        TopOrder chosen = key == 's' ? order.next() : TopOrder.ofKey(key);
        if (key == 'q' || key == NonBlockingReader.EOF) {
            quit = true;
        } else if (chosen != null) {
            order = chosen;
            draw(view);
        }
    }

    private void draw(TopView view) {
        Size size = terminal.getSize();
        int columns = Math.max(1, size.getColumns());
        int rows = Math.max(1, size.getRows());
        display.resize(size);
        List<String> lines = TopText.screen(view, order, columns, rows);
        display.update(lines.stream().map(TopTerminal::styled).toList(), 0);
    }

    private static AttributedString styled(String line) {
        boolean isTitle = line.startsWith("spinbpf top ")
                || line.startsWith("Lock ")
                || line.startsWith("Object ")
                || line.startsWith("CPU ");
        return new AttributedString(line, isTitle ? AttributedStyle.BOLD : AttributedStyle.DEFAULT);
    }

    @Override
    public void close() {
        terminal.puts(Capability.cursor_visible);
        terminal.puts(Capability.exit_ca_mode);
        terminal.setAttributes(attributes);
        terminal.flush();
        try {
            terminal.close();
        } catch (IOException e) {
            // There is nothing left to give it.
        }
    }
}
