package dev.spinbpf.tools.serve.http;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.DecoderResult;
import io.netty.handler.codec.http.HttpDecoderConfig;
import io.netty.handler.codec.http.HttpMessage;
import io.netty.handler.codec.http.HttpObject;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpRequestDecoder;
import io.netty.handler.codec.http.LastHttpContent;
import java.util.List;

/**
 * Netty's decoder, strict where two readers of one request might find different ends of it: a length beside chunks and
 * headers that continue on the next line are errors. It also says when the first byte of a request has come.
 */
final class StrictRequestDecoder extends HttpRequestDecoder {
    private static final int MAX_CHUNK_BYTES = 8192;

    /** User event: a request has begun. */
    enum Event {
        REQUEST_BEGUN
    }

    private boolean begun;
    private boolean inHeaders;
    private boolean atLineStart;
    private boolean folded;

    StrictRequestDecoder(HttpLimits limits) {
        super(new HttpDecoderConfig()
                .setMaxInitialLineLength(limits.requestLineBytes())
                .setMaxHeaderSize(limits.headerBytes())
                .setMaxChunkSize(MAX_CHUNK_BYTES)
                .setAllowDuplicateContentLengths(false)
                .setUseRfc9112TransferEncoding(true)
                .setStrictLineParsing(true));
    }

    /** Returns true where a part of a request has come. */
    boolean isRequestBegun() {
        return begun;
    }

    @Override
    protected void decode(ChannelHandlerContext context, ByteBuf in, List<Object> out) throws Exception {
        if (!begun && in.isReadable()) {
            begun = true;
            context.fireUserEventTriggered(Event.REQUEST_BEGUN);
        }
        int start = in.readerIndex();
        int before = out.size();
        boolean headersBefore = inHeaders;
        super.decode(context, in, out);
        if (headersBefore || inHeaders) {
            folded |= hasFoldedLine(in, start, in.readerIndex(), headersBefore && atLineStart);
            int last = in.readerIndex() - 1;
            atLineStart = last < start ? atLineStart : in.getByte(last) == '\n';
        }
        for (Object part : out.subList(before, out.size())) {
            if (part instanceof LastHttpContent
                    || ((HttpObject) part).decoderResult().isFailure()) {
                begun = false;
            }
        }
        if (out.size() > before && out.get(before) instanceof HttpRequest request) {
            inHeaders = false;
            if (folded && request.decoderResult().isSuccess()) {
                request.setDecoderResult(DecoderResult.failure(new IllegalArgumentException("a folded header line")));
            }
        }
    }

    private static boolean hasFoldedLine(ByteBuf in, int start, int end, boolean startsLine) {
        boolean lineStart = startsLine;
        for (int i = start; i < end; i++) {
            byte b = in.getByte(i);
            if (lineStart && (b == ' ' || b == '\t')) {
                return true;
            }
            lineStart = b == '\n';
        }
        return false;
    }

    @Override
    protected HttpMessage createMessage(String[] initialLine) throws Exception {
        inHeaders = true;
        atLineStart = true;
        folded = false;
        return super.createMessage(initialLine);
    }

    @Override
    protected void handleTransferEncodingChunkedWithContentLength(HttpMessage message) {
        throw new IllegalArgumentException("Content-Length beside Transfer-Encoding");
    }
}
