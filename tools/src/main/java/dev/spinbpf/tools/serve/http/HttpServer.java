package dev.spinbpf.tools.serve.http;

import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.FixedRecvByteBufAllocator;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.RecvByteBufAllocator;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.SocketChannel;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.handler.codec.http.HttpResponseEncoder;
import io.netty.handler.flow.FlowControlHandler;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslHandler;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Serves routes over HTTP/1.1, on one I/O thread and a few workers.
 *
 * <p>Requests are hostile: {@link HttpLimits} bounds what they may take.
 */
public final class HttpServer implements AutoCloseable {
    private static final int BACKLOG = 1024;
    private static final int MAX_READ_BYTES = 8192;
    private static final long DRAIN_MILLIS = 5_000;
    private static final long LOOK_MILLIS = 10;

    private final EventLoopGroup group;
    private final ServerState state;
    private final Channel channel;

    private HttpServer(EventLoopGroup group, ServerState state, Channel channel) {
        this.group = group;
        this.state = state;
        this.channel = channel;
    }

    /**
     * Starts to listen.
     *
     * @param address where
     * @param router what is served
     * @param access decides which requests a client may make
     * @param limits bounds on what clients may take
     * @param tls the certificate and its key; null for plain HTTP
     * @param observer learns of each answer
     * @throws IOException if the address cannot be bound
     */
    public static HttpServer start(
            InetSocketAddress address,
            Router router,
            AccessRules access,
            HttpLimits limits,
            @Nullable SslContext tls,
            RequestObserver observer)
            throws IOException {
        EventLoopGroup group = new MultiThreadIoEventLoopGroup(1, NioIoHandler.newFactory());
        ServerState state = new ServerState(router, access, limits, observer);
        ServerBootstrap bootstrap = new ServerBootstrap()
                .group(group)
                .channel(NioServerSocketChannel.class)
                .option(ChannelOption.SO_BACKLOG, BACKLOG)
                .option(ChannelOption.SO_REUSEADDR, true)
                .childOption(ChannelOption.AUTO_READ, false)
                .childOption(ChannelOption.TCP_NODELAY, true)
                .childOption(ChannelOption.RECVBUF_ALLOCATOR, oneSmallRead())
                .childHandler(new ChannelInitializer<SocketChannel>() {
                    @Override
                    protected void initChannel(SocketChannel accepted) {
                        accept(accepted, state, tls);
                    }
                });
        try {
            return new HttpServer(
                    group, state, bootstrap.bind(address).syncUninterruptibly().channel());
        } catch (Exception e) { // Netty throws checked ones too, undeclared
            group.shutdownGracefully(0, 0, TimeUnit.SECONDS);
            throw new IOException(e.getMessage(), e);
        }
    }

    /** So few bytes at a time that the requests in them are few. */
    private static RecvByteBufAllocator oneSmallRead() {
        return new FixedRecvByteBufAllocator(MAX_READ_BYTES).maxMessagesPerRead(1);
    }

    private static void accept(SocketChannel accepted, ServerState state, @Nullable SslContext tls) {
        StrictRequestDecoder decoder = new StrictRequestDecoder(state.limits());
        ConnectionHandler handler = new ConnectionHandler(state, decoder);
        if (state.isDraining() || !state.gate().enter(handler)) {
            accepted.close();
            return;
        }
        if (tls != null) {
            SslHandler secure = tls.newHandler(accepted.alloc());
            secure.setHandshakeTimeoutMillis(state.limits().times().requestMillis());
            accepted.pipeline().addLast(secure);
        }
        accepted.pipeline()
                .addLast(decoder)
                .addLast(new HttpResponseEncoder())
                .addLast(new FlowControlHandler())
                .addLast(handler);
    }

    /** The address that it listens on. */
    public InetSocketAddress address() {
        return (InetSocketAddress) channel.localAddress();
    }

    /** Takes no further connections, answers the requests that are there, and ends. */
    @Override
    public void close() {
        state.drain();
        channel.close().syncUninterruptibly();
        long end = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(DRAIN_MILLIS);
        while (drained() > 0 && System.nanoTime() - end < 0) {
            try {
                Thread.sleep(LOOK_MILLIS);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                break;
            }
        }
        group.shutdownGracefully(0, 1, TimeUnit.SECONDS).syncUninterruptibly();
        state.close();
    }

    /** Returns how many connections have yet to be answered. */
    private int drained() {
        return group.next()
                .submit(() -> {
                    state.gate().all().forEach(ConnectionHandler::drain);
                    return state.gate().all().size();
                })
                .syncUninterruptibly()
                .getNow();
    }
}
