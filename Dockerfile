# The service with the serve extra alone: no pandas, scikit-learn or MLflow. Versions and hashes come from the lock.
FROM python:3.11-slim AS build
WORKDIR /build
COPY requirements/serve.lock requirements/
RUN python -m venv /opt/tieout \
    && /opt/tieout/bin/pip install --no-cache-dir --no-deps --require-hashes --only-binary :all: -r requirements/serve.lock
COPY pyproject.toml README.md LICENSE tieout.py ./
COPY receivables receivables
COPY features features
COPY training training
COPY serving serving
RUN /opt/tieout/bin/pip install --no-cache-dir "hatchling>=1.27" \
    && /opt/tieout/bin/pip install --no-cache-dir --no-deps --no-build-isolation .

FROM python:3.11-slim
# LightGBM needs OpenMP, which the slim image lacks.
RUN apt-get update && apt-get install -y --no-install-recommends libgomp1 && rm -rf /var/lib/apt/lists/* \
    && useradd --uid 10001 --create-home tieout && mkdir /data && chown tieout /data
COPY --from=build /opt/tieout /opt/tieout
ENV PATH=/opt/tieout/bin:$PATH TIEOUT_HOME=/data TIEOUT_HOST=0.0.0.0 PYTHONUNBUFFERED=1
USER tieout
VOLUME /data
EXPOSE 3000
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:3000/healthz', timeout=4)"]
# TIEOUT_SECRET_KEY has no default: without it the service refuses to start.
CMD ["tieout", "serve"]
