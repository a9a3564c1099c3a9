package dev.spinbpf.tools.serve.http;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.channel.socket.SocketChannel;
import io.netty.handler.codec.http.DefaultFullHttpResponse;
import io.netty.handler.codec.http.DefaultHttpResponse;
import io.netty.handler.codec.http.HttpContent;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaderValues;
import io.netty.handler.codec.http.HttpObject;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpUtil;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.handler.ssl.SslHandler;
import io.netty.util.concurrent.Future;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Answers one connection's requests, one after the other: the next one is read when the answer to the one before is
 * written, so that a client that sends many and reads none holds one answer's memory.
 *
 * <pre>
 *   RECEIVING --whole--> WORKING --reply--> ANSWERING --written--> RECEIVING, or ENDING where it is not kept
 *       |                   '---events----> STREAMING
 *       '--refused or late----------------> ANSWERING, and ENDING where a body was still to come
 * </pre>
 *
 * <p>In RECEIVING and ANSWERING a time runs within which the client has to do its part; what comes in between does not
 * prolong it. A connection that is not kept is half-closed after the answer and read for a moment longer, since closing
 * it on bytes that were not read would reset it and might take the answer away from the client.
 */
final class ConnectionHandler extends SimpleChannelInboundHandler<HttpObject> {
    /** The part of the time for an answer that a connection is read on after it. */
    private static final int LINGER_PART = 20;

    private static final long BEAT_SECONDS = 15;

    private enum Phase {
        RECEIVING,
        WORKING,
        ANSWERING,
        STREAMING,
        ENDING
    }

    private final ServerState server;
    private final StrictRequestDecoder decoder;
    private Phase phase = Phase.RECEIVING;
    private @Nullable ChannelHandlerContext context;
    private @Nullable Future<?> deadline;
    private @Nullable Future<?> heartbeat;
    private @Nullable RequestHead head;
    private @Nullable EventFeed feed;
    private @Nullable EventStream stream;
    private final ByteArrayOutputStream body = new ByteArrayOutputStream(0);
    private long reserved;
    private long headNanos;
    private boolean keepAlive;
    private boolean requestRead;
    private boolean answerWritten;
    private boolean waiting;

    ConnectionHandler(ServerState server, StrictRequestDecoder decoder) {
        this.server = server;
        this.decoder = decoder;
    }

    @Override
    public void channelActive(ChannelHandlerContext active) {
        context = active;
        next(active);
    }

    @Override
    public void channelInactive(ChannelHandlerContext inactive) {
        cancelDeadline();
        release();
        endStream();
        server.gate().leave(this);
    }

    /** Closes the connection at once. */
    void cutOff() {
        ChannelHandlerContext open = context;
        server.gate().leave(this);
        if (open != null) {
            open.close();
        }
    }

    /** Closes the connection as soon as nothing is lost by it. */
    void drain() {
        ChannelHandlerContext open = context;
        boolean idle = phase == Phase.RECEIVING && head == null && !decoder.isRequestBegun();
        if (open != null && (idle || phase == Phase.STREAMING)) {
            open.close();
        }
    }

    private void next(ChannelHandlerContext active) {
        phase = Phase.RECEIVING;
        head = null;
        headNanos = System.nanoTime();
        requestRead = false;
        answerWritten = false;
        server.gate().waits(this);
        if (server.isDraining() && !decoder.isRequestBegun()) {
            active.close();
            return;
        }
        HttpLimits limits = server.limits();
        deadline(
                active,
                decoder.isRequestBegun()
                        ? limits.times().requestMillis()
                        : limits.times().idleMillis());
        read(active);
    }

    private void read(ChannelHandlerContext active) {
        waiting = true;
        active.read();
    }

    /** Reads on if the next part of a request is not complete. */
    @Override
    public void channelReadComplete(ChannelHandlerContext active) {
        if (waiting) {
            active.read();
        }
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext active, Object event) {
        if (event == StrictRequestDecoder.Event.REQUEST_BEGUN && phase == Phase.RECEIVING && head == null) {
            deadline(active, server.limits().times().requestMillis());
        }
        active.fireUserEventTriggered(event);
    }

    // Time.

    private void deadline(ChannelHandlerContext active, long millis) {
        cancelDeadline();
        deadline = active.executor().schedule(() -> late(active), millis, TimeUnit.MILLISECONDS);
    }

    private void cancelDeadline() {
        Future<?> running = deadline;
        if (running != null) {
            running.cancel(false);
        }
    }

    private void late(ChannelHandlerContext active) {
        if (phase == Phase.RECEIVING && (head != null || decoder.isRequestBegun())) {
            keepAlive = false;
            answer(active, Problem.of(408, "the request did not arrive in time").reply());
        } else {
            active.close();
        }
    }

    // Receiving.

    @Override
    protected void channelRead0(ChannelHandlerContext active, HttpObject part) {
        waiting = false;
        if (phase == Phase.STREAMING) {
            active.close();
            return;
        }
        if (phase == Phase.RECEIVING && part instanceof HttpRequest request) {
            receiveHead(active, request);
        } else if (phase == Phase.RECEIVING && part instanceof HttpContent content) {
            receiveBody(active, content);
        }
        requestRead |= part instanceof LastHttpContent || part.decoderResult().isFailure();
        if (phase == Phase.ENDING || !requestRead) {
            read(active);
        } else if (phase == Phase.RECEIVING) {
            work(active);
        } else {
            goOn(active);
        }
    }

    private void receiveHead(ChannelHandlerContext active, HttpRequest request) {
        headNanos = System.nanoTime();
        boolean isSound =
                request.decoderResult().isSuccess() && request.protocolVersion().majorVersion() == 1;
        keepAlive = isSound && HttpUtil.isKeepAlive(request) && !server.isDraining();
        try {
            RequestHead received = RequestHead.of(
                    request, server.router(), server.access(), active.channel().localAddress());
            head = received;
            if (received.hasBody()) {
                deadline(active, server.limits().times().requestMillis());
            }
            if (received.expectsContinue()) {
                active.writeAndFlush(new DefaultFullHttpResponse(
                        HttpVersion.HTTP_1_1, HttpResponseStatus.CONTINUE, Unpooled.EMPTY_BUFFER));
            }
        } catch (Problem e) {
            keepAlive &= e.status() != HttpResponseStatus.BAD_REQUEST.code() && !RequestHead.hasBody(request);
            answer(active, e.reply());
        }
    }

    private void receiveBody(ChannelHandlerContext active, HttpContent content) {
        RequestHead received = head;
        if (received == null) {
            return;
        }
        ByteBuf bytes = content.content();
        int length = bytes.readableBytes();
        Route.Body allowed = received.match().route().body();
        Problem problem = null;
        if (content.decoderResult().isFailure()) {
            problem = Problem.of(400, "the body is not well-formed");
        } else if (body.size() + length > allowed.mostBytes()) {
            problem = RequestHead.tooLarge(allowed);
        } else if (!server.gate().reserve(length)) {
            problem = ServerState.busy();
        }
        if (problem != null) {
            keepAlive = false;
            answer(active, problem.reply());
            return;
        }
        reserved += length;
        try {
            bytes.readBytes(body, length);
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    private void release() {
        server.gate().release(reserved);
        reserved = 0;
        body.reset();
    }

    // Working and answering.

    private void work(ChannelHandlerContext active) {
        RequestHead received = head;
        if (received == null) {
            return;
        }
        phase = Phase.WORKING;
        cancelDeadline();
        server.gate().works(this);
        Request request = received.withBody(body.toByteArray());
        body.reset();
        server.work(received.match().route(), request, reply -> {
            if (active.executor().inEventLoop()) {
                answer(active, reply);
            } else {
                active.executor().execute(() -> answer(active, reply));
            }
        });
    }

    private void answer(ChannelHandlerContext active, Reply reply) {
        release();
        if (!active.channel().isActive()) {
            return;
        }
        keepAlive &= !server.isDraining();
        switch (reply) {
            case Reply.Content content -> answer(active, content);
            case Reply.Events events -> stream(active, events.feed());
        }
    }

    private void answer(ChannelHandlerContext active, Reply.Content content) {
        phase = Phase.ANSWERING;
        observe(content.status());
        server.gate().waits(this);
        deadline(active, server.limits().times().answerMillis());
        active.writeAndFlush(response(content)).addListener(written -> {
            answerWritten = written.isSuccess();
            goOn(active);
        });
    }

    private void observe(int status) {
        RequestHead received = head;
        String route = received == null ? "other" : received.match().route().template();
        String method = received == null
                ? "other"
                : received.isHead() ? "HEAD" : received.match().route().method();
        server.observer().answered(method, route, status, Math.max(0, System.nanoTime() - headNanos));
    }

    private HttpResponse response(Reply.Content content) {
        RequestHead received = head;
        byte[] bytes = content.body();
        boolean zip = received != null && received.takesGzip() && bytes.length >= Gzip.FEWEST_BYTES;
        if (zip) {
            bytes = Gzip.compress(bytes);
        }
        boolean empty = received != null && received.isHead();
        DefaultFullHttpResponse response = new DefaultFullHttpResponse(
                HttpVersion.HTTP_1_1,
                HttpResponseStatus.valueOf(content.status()),
                empty ? Unpooled.EMPTY_BUFFER : Unpooled.wrappedBuffer(bytes));
        content.headers().forEach((name, value) -> response.headers().set(name, value));
        if (!content.type().isEmpty()) {
            response.headers().set(HttpHeaderNames.CONTENT_TYPE, content.type());
            response.headers().set(HttpHeaderNames.CONTENT_LENGTH, bytes.length);
            response.headers().set(HttpHeaderNames.VARY, "Accept, Accept-Encoding");
        }
        if (zip) {
            response.headers().set(HttpHeaderNames.CONTENT_ENCODING, HttpHeaderValues.GZIP);
        }
        setCommonHeaders(response);
        return response;
    }

    private void setCommonHeaders(HttpResponse response) {
        response.headers().set(HttpHeaderNames.CACHE_CONTROL, HttpHeaderValues.NO_STORE);
        response.headers().set("x-content-type-options", "nosniff");
        RequestHead received = head;
        boolean old = received != null && received.isOld();
        if (!keepAlive) {
            response.headers().set(HttpHeaderNames.CONNECTION, HttpHeaderValues.CLOSE);
        } else if (old) {
            response.headers().set(HttpHeaderNames.CONNECTION, HttpHeaderValues.KEEP_ALIVE);
        }
    }

    private void goOn(ChannelHandlerContext active) {
        if (phase != Phase.ANSWERING || !answerWritten) {
            return;
        }
        if (!keepAlive) {
            end(active);
        } else if (requestRead) {
            next(active);
        }
    }

    private void end(ChannelHandlerContext active) {
        phase = Phase.ENDING;
        boolean isPlain = active.pipeline().get(SslHandler.class) == null;
        if (isPlain && active.channel() instanceof SocketChannel socket) {
            deadline(active, Math.max(1, server.limits().times().answerMillis() / LINGER_PART));
            socket.shutdownOutput().addListener(done -> read(active));
        } else {
            active.close();
        }
    }

    // Streams of events.

    private void stream(ChannelHandlerContext active, EventFeed events) {
        RequestHead received = head;
        if (received == null || received.isHead()) {
            answer(active, new Reply.Content(200, "text/event-stream", new byte[0], Map.of()));
            return;
        }
        if (!server.gate().beginStream()) {
            answer(active, ServerState.busy().reply());
            return;
        }
        phase = Phase.STREAMING;
        keepAlive &= !received.isOld();
        HttpResponse response = new DefaultHttpResponse(HttpVersion.HTTP_1_1, HttpResponseStatus.OK);
        response.headers().set(HttpHeaderNames.CONTENT_TYPE, "text/event-stream");
        HttpUtil.setTransferEncodingChunked(response, !received.isOld());
        setCommonHeaders(response);
        active.writeAndFlush(response);
        EventStream started = new EventStream(active);
        stream = started;
        feed = events;
        heartbeat = active.executor()
                .scheduleAtFixedRate(
                        () -> {
                            if (!started.beat()) {
                                active.close();
                            }
                        },
                        BEAT_SECONDS,
                        BEAT_SECONDS,
                        TimeUnit.SECONDS);
        events.add(started);
        read(active);
    }

    private void endStream() {
        EventStream open = stream;
        EventFeed of = feed;
        Future<?> beats = heartbeat;
        if (open != null && of != null && beats != null) {
            of.remove(open);
            beats.cancel(false);
            server.gate().endStream();
            stream = null;
        }
    }

    @Override
    public void channelWritabilityChanged(ChannelHandlerContext active) {
        EventStream open = stream;
        if (open != null) {
            open.drain();
        }
        active.fireChannelWritabilityChanged();
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext active, Throwable cause) {
        active.close();
    }
}
