package dev.spinbpf.tools.serve.http;

import java.util.List;

/**
 * One method and one form of path, with the handler that answers it.
 *
 * @param method GET, POST, PUT or DELETE; GET answers HEAD too
 * @param template the path; a segment in braces is a parameter
 * @param lane where it is worked on
 * @param body the body that it takes
 * @param isOpen true where anybody may ask, under any name of this machine and without a token
 * @param query names of the parameters that it takes after the question mark
 * @param handler makes the answer
 */
public record Route(
        String method, String template, Lane lane, Body body, boolean isOpen, List<String> query, Handler handler) {

    /** The threads that work on a request. */
    public enum Lane {
        /** At once: it takes no time. */
        DIRECT,
        /** On a worker's thread. */
        WORK,
        /** On a worker's thread, a few at a time. */
        HEAVY
    }

    /**
     * A body.
     *
     * @param types the media types of which it has one; none where there is no body
     * @param mostBytes its greatest length
     * @param isRequired false where it may be left out
     */
    public record Body(List<String> types, int mostBytes, boolean isRequired) {
        /** No body. */
        public static final Body NONE = new Body(List.of(), 0, false);

        /** Copies the list. */
        public Body {
            types = List.copyOf(types);
        }

        /** A body of one media type. */
        public Body(String type, int mostBytes, boolean isRequired) {
            this(List.of(type), mostBytes, isRequired);
        }
    }

    /** Makes an answer. */
    @FunctionalInterface
    public interface Handler {
        /**
         * Makes the answer to a request.
         *
         * @throws Problem where it cannot be fulfilled
         */
        Reply handle(Request request) throws Problem;
    }

    /** A route that anybody may ask. */
    public static Route open(String template, Lane lane, Handler handler) {
        return new Route("GET", template, lane, Body.NONE, true, List.of(), handler);
    }

    /** A route that reads. */
    public static Route get(String template, List<String> query, Handler handler) {
        return new Route("GET", template, Lane.WORK, Body.NONE, false, query, handler);
    }

    /** A route that changes something. */
    public static Route change(String method, String template, Body body, Handler handler) {
        return new Route(method, template, Lane.WORK, body, false, List.of(), handler);
    }

    /** Returns the segments of the template. */
    List<String> segments() {
        return List.of(template.substring(1).split("/", -1));
    }
}
