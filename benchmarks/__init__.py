"""What is measured of mlflow-plateau: its cost, and whether its diagnoses are right."""
