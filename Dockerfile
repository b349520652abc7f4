# One image for every part: the command says which. PyTorch, which only the conversion of the embedding model needs,
# and its CUDA stay behind in the first stage; what runs computes on the processor.

FROM python:3.11-slim AS build
ARG UV_VERSION=0.13.9
ENV PATH=/opt/sigmak/bin:$PATH VIRTUAL_ENV=/opt/sigmak XDG_CACHE_HOME=/opt/cache UV_NO_CACHE=1 UV_LINK_MODE=copy
RUN pip install --quiet --no-cache-dir --root-user-action=ignore uv==${UV_VERSION} && uv venv --quiet /opt/sigmak
WORKDIR /src
COPY pyproject.toml requirements.txt README.md LICENSE ./
# The pins and hashes of requirements.txt without those of the tools that developers need.
RUN uv pip compile pyproject.toml --quiet --universal --python-version 3.11 --generate-hashes \
        --no-emit-index-url --output-file requirements.txt \
    && uv pip sync --quiet --require-hashes requirements.txt
COPY schemas schemas
COPY transport transport
COPY gateway gateway
COPY streams streams
COPY ops ops
RUN uv pip install --quiet --no-deps --no-build-isolation . \
    && python -c "from streams.analysis.embedding import Embedder; Embedder()" \
    && uv pip freeze | grep --extended-regexp --only-matching '^(torch|triton|nvidia-[^=]+|cuda-[^=]+)' \
        | xargs uv pip uninstall --quiet

FROM python:3.11-slim
RUN useradd --create-home --uid 10001 sigmak \
    && install --directory --owner=sigmak --group=sigmak \
        /data /data/status-table /data/webhook-secrets /data/worker /data/store /data/vectors
COPY --from=build /opt/sigmak /opt/sigmak
COPY --from=build --chown=sigmak:sigmak /opt/cache/sigmak /home/sigmak/.cache/sigmak
ENV PATH=/opt/sigmak/bin:$PATH PYTHONUNBUFFERED=1
USER sigmak
WORKDIR /home/sigmak
EXPOSE 8080
ENTRYPOINT ["sigmak"]
CMD ["--help"]
