package dev.spinbpf.tools.serve.http;

import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.http.DefaultHttpContent;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import org.jspecify.annotations.Nullable;

/**
 * The events on their way to one client. They wait in a bounded queue while the client takes none; further ones are
 * dropped, and the client is told how many.
 */
final class EventStream {
    static final int MOST_WAITING = 256;

    private static final byte[] HEARTBEAT = ":\n\n".getBytes(StandardCharsets.US_ASCII);

    private final ChannelHandlerContext context;
    private final ArrayDeque<byte[]> queue = new ArrayDeque<>();
    private long dropped;
    private boolean scheduled;
    private boolean wasWritable = true;

    EventStream(ChannelHandlerContext context) {
        this.context = context;
    }

    /** Adds an event, or drops it; any thread may. */
    synchronized void offer(byte[] event) {
        if (queue.size() >= MOST_WAITING) {
            dropped++;
            return;
        }
        queue.add(event);
        if (!scheduled) {
            scheduled = true;
            context.executor().execute(this::drain);
        }
    }

    private synchronized byte @Nullable [] next() {
        byte[] event = queue.poll();
        if (event == null && dropped > 0) {
            event = EventFeed.bytes("dropped", "{\"count\":" + dropped + "}");
            dropped = 0;
        }
        return event;
    }

    private synchronized void drained() {
        scheduled = false;
    }

    /** Writes what the client has room for; on the I/O thread. */
    void drain() {
        drained();
        while (context.channel().isWritable()) {
            byte[] event = next();
            if (event == null) {
                break;
            }
            write(event);
        }
        context.flush();
    }

    private void write(byte[] bytes) {
        context.write(new DefaultHttpContent(Unpooled.wrappedBuffer(bytes)));
    }

    /** Shows that the stream is alive. Returns false where the client has taken nothing since the last time. */
    boolean beat() {
        boolean writable = context.channel().isWritable();
        if (!writable && !wasWritable) {
            return false;
        }
        wasWritable = writable;
        if (writable) {
            write(HEARTBEAT);
            context.flush();
        }
        return true;
    }
}
