# The app in a container: `docker compose up --build`; compose.yaml says what can be set.
FROM python:3.11-slim-bookworm

WORKDIR /app
COPY requirements.txt constraints.txt ./
RUN pip install --no-cache-dir --disable-pip-version-check -r requirements.txt

COPY app.py ./
COPY .streamlit .streamlit
COPY mnist_core mnist_core
COPY webapp webapp
COPY weights weights

# It runs as a user who can write into these folders only; so the code is compiled here, once for all trainings.
RUN python -m compileall -q app.py mnist_core webapp \
    && useradd --create-home --uid 1000 app \
    && install -d -o app -g app runs visitors lessons /home/app/.cache /home/app/.cache/mnist-handwriting
USER 1000
VOLUME ["/app/runs", "/app/visitors", "/app/lessons", "/home/app/.cache/mnist-handwriting"]

# One thread for each matrix product: small networks are fastest so, and pages and trainings do not fight for cores.
# Two arenas: of memory that pages' many short threads have freed, glibc otherwise keeps some for each.
ENV OPENBLAS_NUM_THREADS=1 MALLOC_ARENA_MAX=2 LESSONS_DIR=/app/lessons
EXPOSE 8501
HEALTHCHECK --start-period=20s \
    CMD ["python", "-c", "import urllib.request as r; r.urlopen('http://127.0.0.1:8501/_stcore/health', timeout=5)"]
# Process 1 itself, to hear `docker stop`. The last option: else it would ask the internet for its address, to print it.
CMD ["streamlit", "run", "app.py", "--server.headless", "true", "--server.address", "0.0.0.0", \
     "--server.port", "8501", "--browser.serverAddress", "localhost"]
