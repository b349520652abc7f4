// kafkajs reads and writes LZ4, which SigmaK's producers use, with a codec that it is given.
import { compressFrame, decompressFrame } from "lz4-napi";
import kafkajs from "kafkajs";

const { CompressionCodecs, CompressionTypes } = kafkajs;
CompressionCodecs[CompressionTypes.LZ4] = () => ({
  compress: (encoder) => compressFrame(encoder.buffer),
  decompress: (buffer) => decompressFrame(buffer),
});
